-- What an access token is for when its client asked for less than the grant holds; NULL is all of it.
ALTER TABLE tokens ADD COLUMN scope TEXT;
