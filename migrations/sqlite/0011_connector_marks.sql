-- Which places of a connector's configuration were entered as secrets, whatever a later version of its module says; JSON.
ALTER TABLE connectors ADD COLUMN marks TEXT NOT NULL DEFAULT '{}';
