-- What the buoys are, and what they measured. The vocabulary follows OGC SensorThings.

CREATE TABLE observed_property (
    id          TEXT PRIMARY KEY,
    name        TEXT NOT NULL,
    description TEXT,
    definition  TEXT
);

CREATE TABLE unit_of_measurement (
    id         TEXT PRIMARY KEY,
    name       TEXT NOT NULL,
    symbol     TEXT NOT NULL,
    definition TEXT NOT NULL
);

CREATE TABLE sensor_type (
    id            TEXT PRIMARY KEY,
    name          TEXT NOT NULL,
    manufacturer  TEXT NOT NULL,
    datasheet_url TEXT
);

CREATE TABLE sensor_type_measure (
    sensor_type_id       TEXT NOT NULL REFERENCES sensor_type (id),
    observed_property_id TEXT NOT NULL REFERENCES observed_property (id),
    unit_id              TEXT NOT NULL REFERENCES unit_of_measurement (id),
    position             BIGINT NOT NULL,
    -- What the hardware can measure: QARTOD's gross range.
    minimum              DOUBLE PRECISION NOT NULL,
    maximum              DOUBLE PRECISION NOT NULL,
    PRIMARY KEY (sensor_type_id, observed_property_id, unit_id)
);

CREATE TABLE device (
    id               TEXT PRIMARY KEY,
    organization_id  TEXT NOT NULL REFERENCES organization (id),
    name             TEXT NOT NULL,
    serial_number    TEXT NOT NULL,
    latitude         DOUBLE PRECISION,
    longitude        DOUBLE PRECISION,
    located_at       BIGINT,
    interval_seconds BIGINT NOT NULL CHECK (interval_seconds > 0),
    created_at       BIGINT NOT NULL,
    last_seen_at     BIGINT,
    UNIQUE (organization_id, serial_number)
);
CREATE UNIQUE INDEX device_by_organization ON device (organization_id, id);

-- The devices that were chosen for a key or a grant (holder_id) whose `devices` says 'chosen'.
CREATE TABLE device_choice (
    holder_id TEXT NOT NULL,
    device_id TEXT NOT NULL REFERENCES device (id),
    PRIMARY KEY (holder_id, device_id)
);
CREATE INDEX device_choice_by_device ON device_choice (device_id);

CREATE TABLE sensor (
    id             TEXT PRIMARY KEY,
    device_id      TEXT NOT NULL REFERENCES device (id),
    sensor_type_id TEXT NOT NULL REFERENCES sensor_type (id),
    name           TEXT NOT NULL,
    attached_at    BIGINT NOT NULL
);
CREATE INDEX sensor_by_device ON sensor (device_id, id);

-- `number` is what observations refer to: eight bytes instead of thirty in each of a billion rows.
-- `organization_id` is the device's, repeated so that one organization's list is one index range; the foreign key
-- keeps the two the same, also when a device moves.
CREATE TABLE datastream (
    number               INTEGER PRIMARY KEY,
    id                   TEXT NOT NULL UNIQUE,
    organization_id      TEXT NOT NULL,
    device_id            TEXT NOT NULL,
    sensor_id            TEXT NOT NULL REFERENCES sensor (id),
    observed_property_id TEXT NOT NULL REFERENCES observed_property (id),
    unit_id              TEXT NOT NULL REFERENCES unit_of_measurement (id),
    name                 TEXT NOT NULL,
    created_at           BIGINT NOT NULL,
    latest_time          BIGINT,
    latest_result        DOUBLE PRECISION,
    latest_quality       BIGINT,
    UNIQUE (sensor_id, observed_property_id, unit_id),
    FOREIGN KEY (organization_id, device_id) REFERENCES device (organization_id, id) ON UPDATE CASCADE
);
CREATE INDEX datastream_by_organization ON datastream (organization_id, id);
CREATE INDEX datastream_by_device ON datastream (device_id, id);

CREATE TABLE observation (
    datastream      BIGINT NOT NULL REFERENCES datastream (number),
    phenomenon_time BIGINT NOT NULL,
    result          DOUBLE PRECISION,
    -- Not IN (…): SQLite builds a table for the list in every insert, which costs more than the insert.
    quality         BIGINT NOT NULL CHECK (quality BETWEEN 1 AND 4 OR quality = 9),
    PRIMARY KEY (datastream, phenomenon_time)
) WITHOUT ROWID;
