//! Time stamps for provider signatures.

use time::OffsetDateTime;
use time::macros::format_description;

/// `YYYY-MM-DDThh:mm:ssZ` (RFC 3339, UTC, whole seconds) of a Unix time in milliseconds; empty outside the calendar.
pub fn rfc3339_seconds(unix_ms: u64) -> String {
    let format = format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    i64::try_from(unix_ms / 1000)
        .ok()
        .and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok())
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}
