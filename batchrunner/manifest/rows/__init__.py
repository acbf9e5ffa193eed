"""What `rows:` names: spreadsheets, workbooks, JSON lines and folders of frames, read into one kind of table."""
