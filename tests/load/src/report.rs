//! The table for people and the JSON for programs.

use serde_json::{Map, Value, json};

use crate::measure::{Rate, spread};

/// What was measured so far.
pub struct Report {
    database: String,
    values: Map<String, Value>,
}

impl Report {
    /// An empty report.
    pub fn new(database: &str) -> Self {
        Self { database: database.to_owned(), values: Map::new() }
    }

    fn add(&mut self, name: &str, line: String, value: Value) {
        eprintln!("{name:<34}{line}");
        self.values.insert(name.to_owned(), value);
    }

    /// A rate, with its share of a raw primitive's.
    pub fn rate(&mut self, name: &str, rate: &Rate, base: Option<&Rate>) {
        let (least, median, most) = rate.spread();
        let share = base.map(|base| median / base.spread().1);
        let note = share.map(|share| format!("  {:.0} % of raw", share * 100.0)).unwrap_or_default();
        let line = format!("{median:>10.1} /s   ({least:.1} – {most:.1}){note}");
        self.add(name, line, json!({ "perSecond": median, "min": least, "max": most, "shareOfRaw": share }));
    }

    /// Milliseconds.
    pub fn milliseconds(&mut self, name: &str, values: &[f64]) {
        let (least, median, most) = spread(values);
        let line = format!("{median:>10.1} ms   ({least:.1} – {most:.1})");
        self.add(name, line, json!({ "milliseconds": median, "min": least, "max": most }));
    }

    /// Milliseconds, with how many times as many they are as without load.
    pub fn times_quiet(&mut self, name: &str, milliseconds: f64, quiet: f64) {
        let times = milliseconds / quiet;
        let line = format!("{milliseconds:>10.1} ms   {times:.1} times quiet");
        self.add(name, line, json!({ "milliseconds": milliseconds, "timesQuiet": times }));
    }

    /// Microseconds, with how many times as many they are.
    pub fn microseconds(&mut self, name: &str, values: &[f64], base: Option<&[f64]>) {
        let (least, median, most) = spread(values);
        let times = base.map(|base| median / spread(base).1);
        let note = times.map(|times| format!("  {times:.1} times native")).unwrap_or_default();
        let line = format!("{median:>10.1} µs   ({least:.1} – {most:.1}){note}");
        self.add(name, line, json!({ "microseconds": median, "min": least, "max": most, "timesNative": times }));
    }

    /// A rate by rounds.
    pub fn per_second(&mut self, name: &str, rounds: &[f64]) {
        self.rate(name, &Rate { rounds: rounds.to_vec(), total: 0 }, None);
    }

    /// Megabytes.
    pub fn megabytes(&mut self, name: &str, value: f64) {
        self.add(name, format!("{value:>10.1} MB"), json!({ "megabytes": value }));
    }

    /// A plain number.
    pub fn number(&mut self, name: &str, value: f64) {
        self.add(name, format!("{value:>10.1}"), json!(value));
    }

    /// Prints the JSON; the table went to standard error as it grew.
    pub fn print(&self) {
        println!("{}", json!({ "database": self.database, "results": self.values }));
    }
}
