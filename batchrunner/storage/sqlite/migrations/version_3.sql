-- Version 3: how long renders take.

ALTER TABLE observation ADD COLUMN took_s REAL;  -- of success: since the submit; NULL where nobody was there to see it
