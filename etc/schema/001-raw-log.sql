-- raw_log: every line as it came, keyed by time first so that rows arrive in key order.
-- id is the MD5 of the line's bytes: id = MD5(COALESCE(log_bytes, log)) holds for every row. It is
-- utf8mb4_bin, not ascii_bin: MariaDB refuses to compare an ascii column with MD5() of a column.
CREATE TABLE IF NOT EXISTS raw_log (
  `id` CHAR(32) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL
    COMMENT 'MD5 of the line without its line end, lower-case hex',
  `timestamp` VARCHAR(25) CHARACTER SET ascii COLLATE ascii_bin
    GENERATED ALWAYS AS (CONCAT(
      REPLACE(CAST(`timestamp_utc` + INTERVAL `utc_offset` MINUTE AS CHAR(19)), ' ', 'T'),
      IF(`utc_offset` < 0, '-', '+'),
      LPAD(ABS(`utc_offset`) DIV 60, 2, '0'), ':', LPAD(ABS(`utc_offset`) MOD 60, 2, '0'))) VIRTUAL
    COMMENT 'time with its zone, ISO 8601; NULL when the line has none',
  `timestamp_utc` DATETIME NOT NULL
    COMMENT 'time in UTC; 1970-01-01 00:00:00 when the line has none',
  `utc_offset` SMALLINT NULL
    COMMENT 'zone of the line, minutes east of UTC',
  `log` MEDIUMTEXT NOT NULL
    COMMENT 'the line; bytes that are not UTF-8 as \\xHH',
  `log_bytes` MEDIUMBLOB NULL
    COMMENT 'the exact bytes of a line that is not UTF-8',
  `origin` BIGINT UNSIGNED NOT NULL DEFAULT 0
    COMMENT 'identity = position: hash of file and offset; else 0',
  PRIMARY KEY (`timestamp_utc`, `id`, `origin`)
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4;
