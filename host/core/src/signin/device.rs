//! Devices that signed in to an account before. Strangers' wrong guesses do not count against them.

use keyway_model::{Timestamp, UserId, VerificationId};
use serde::{Deserialize, Serialize};

use super::Browser;
use crate::CoreError;

/// Seconds that a device is remembered after its last sign-in.
pub const DEVICE_TTL: i64 = 400 * 24 * 3600;
/// Accounts that one device is remembered for.
const MAX_ACCOUNTS: usize = 5;

/// What a device's cookie holds, sealed for the tenant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Device {
    /// Under which its own wrong guesses are counted.
    id: String,
    /// Accounts and when it is forgotten for each, in seconds; the latest first.
    accounts: Vec<(UserId, i64)>,
}

impl Device {
    /// Its id, when it signed in to this account before.
    pub(super) fn known_to(&self, account: &UserId, now: Timestamp) -> Option<String> {
        let knows = self.accounts.iter().any(|(known, until)| known == account && now.seconds() < *until);
        knows.then(|| self.id.clone())
    }
}

fn context(browser: &Browser) -> String {
    format!("device/{}", browser.cx.tenant)
}

/// The device behind a cookie.
pub(super) fn device(browser: &Browser) -> Option<Device> {
    let sealed = browser.device.as_deref().filter(|sealed| sealed.len() < 4096)?;
    serde_json::from_str(&browser.core().open_from_browser(&context(browser), sealed)?).ok()
}

/// The id of the browser's device, when it signed in to this account before.
pub(super) fn known_device(browser: &Browser, account: &UserId) -> Option<String> {
    device(browser)?.known_to(account, browser.cx.now)
}

/// A cookie for a device that has just signed in to `account`.
pub fn remember_device(browser: &Browser, account: &UserId) -> Result<String, CoreError> {
    let core = browser.core();
    let mut device =
        device(browser).unwrap_or_else(|| Device { id: core.id::<VerificationId>().0, accounts: Vec::new() });
    let now = core.now();
    device.accounts.retain(|(known, until)| known != account && now.seconds() < *until);
    device.accounts.insert(0, (account.clone(), now.plus_seconds(DEVICE_TTL).seconds()));
    device.accounts.truncate(MAX_ACCOUNTS);
    let text = serde_json::to_string(&device).map_err(|_| CoreError::Internal("a device"))?;
    core.seal_for_browser(&context(browser), &text)
}
