"""What `rows:` names: spreadsheets, workbooks, JSON lines, folders of frames; read into one table."""
