//! What a configuration means for the calls that it is used in, worked out once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use keyway_model::connector::Manifest;
use keyway_model::marks::Marks;
use serde_json::Value;

use crate::host::KEY_REFERENCE;
use crate::redact::Redactor;

/// Configurations of one component that are kept.
const MAX_PREPARED: usize = 16;

/// One configuration.
pub struct Prepared {
    text: String,
    marks: Marks,
    /// As the guest sees it: with references in place of the keys that stay in the host.
    pub for_guest: String,
    /// Where requests may go.
    pub hosts: Arc<[String]>,
    /// Keys that stay in the host, by JSON pointer.
    pub keys: Arc<BTreeMap<String, String>>,
    /// Masks its secrets.
    pub redactor: Arc<Redactor>,
}

impl Prepared {
    fn new(manifest: &Manifest, config: &Value, marks: &Marks, text: String) -> Self {
        let all = marks.and(&Marks::of(&manifest.config));
        let keys = all.host_keys(config);
        let mut shown = config.clone();
        for (pointer, _) in &keys {
            if let Some(value) = shown.pointer_mut(pointer) {
                *value = Value::String(format!("{KEY_REFERENCE}{pointer}"));
            }
        }
        Self {
            for_guest: if keys.is_empty() { text.clone() } else { shown.to_string() },
            text,
            hosts: manifest.hosts_for(config).into(),
            keys: Arc::new(keys.into_iter().collect()),
            redactor: Arc::new(Redactor::new(all.secret_values(config))),
            marks: marks.clone(),
        }
    }
}

/// The configurations of one component that were used last.
#[derive(Default)]
pub struct Preparations(Mutex<Vec<Arc<Prepared>>>);

impl Preparations {
    /// The configuration, known or new.
    pub fn get(&self, manifest: &Manifest, config: &Value, marks: &Marks) -> Arc<Prepared> {
        let text = config.to_string();
        let kept = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().iter().find(|known| known.text == text && known.marks == *marks) {
            return Arc::clone(known);
        }
        let new = Arc::new(Prepared::new(manifest, config, marks, text));
        let mut kept = kept();
        if kept.len() >= MAX_PREPARED {
            kept.remove(0);
        }
        kept.push(Arc::clone(&new));
        new
    }
}
