//! Masks secrets, recipients and codes by value in whatever a connector writes.

/// Replaces values by `•••`, in the spellings that a log line may hold.
#[derive(Debug, Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a secret that holds another is masked whole.
    needles: Vec<String>,
}

impl Redactor {
    /// Masks `values` and their JSON-, URL- and hex-escaped forms. Values under four characters are too common to mask.
    pub fn new(values: impl IntoIterator<Item = String>) -> Self {
        Self::default().with(values)
    }

    /// The same that masks `values` as well.
    #[must_use]
    pub fn with(&self, values: impl IntoIterator<Item = String>) -> Self {
        let mut needles = self.needles.clone();
        for value in values.into_iter().filter(|value| value.chars().count() >= 4) {
            let json = serde_json::Value::String(value.clone()).to_string();
            needles.push(json.trim_matches('"').to_owned());
            needles.push(url::form_urlencoded::byte_serialize(value.as_bytes()).collect());
            needles.push(hex::encode(&value));
            needles.push(value);
        }
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.len()));
        needles.dedup();
        Self { needles }
    }

    /// The text without the values.
    pub fn apply(&self, text: &str) -> String {
        self.needles.iter().fold(text.to_owned(), |text, needle| text.replace(needle.as_str(), "•••"))
    }
}

#[cfg(test)]
mod tests {
    use super::Redactor;

    #[test]
    fn secrets_in_logs_are_masked_in_every_spelling() {
        let redactor = Redactor::new(["s3cr\"et/+".to_owned(), "8613012345678".to_owned(), "ab".to_owned()]);
        let line = format!(
            "key=s3cr\"et/+ json=s3cr\\\"et/+ url=s3cr%22et%2F%2B hex={} to=8613012345678 ab",
            hex::encode("s3cr\"et/+")
        );
        assert_eq!(redactor.apply(&line), "key=••• json=••• url=••• hex=••• to=••• ab");
    }
}
