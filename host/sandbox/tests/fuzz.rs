//! Damaged and recombined components: whatever an upload holds, it is refused with reasons or runs within its budgets.
//!
//! A bounded run belongs to every test; `KEYWAY_FUZZ_ROUNDS=1000000 KEYWAY_FUZZ_SEED=7 cargo test -p keyway-sandbox --test fuzz`
//! goes on for longer, from another start.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test stops where it fails")]

#[expect(dead_code, reason = "each test program uses a part of it")]
mod support;

use keyway_sandbox::{Budgets, Context, Message, inspect};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};
use serde_json::json;
use support::sandbox;

/// Mutants that pass the static checks and are then compiled and called.
const MAX_CALLED: usize = 12;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn below(random: &mut ChaCha8Rng, end: usize) -> usize {
    usize::try_from(random.next_u64() % u64::try_from(end.max(1)).unwrap()).unwrap()
}

/// One to four changes: a bit, a byte of the format's own, a length that is too large, a piece that is cut out, doubled, moved or
/// taken from another component.
fn mutant(random: &mut ChaCha8Rng, corpus: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = corpus[below(random, corpus.len())].clone();
    for _ in 0..=below(random, 4) {
        // Most of a component is code; the structure that a parser trips over stands at its start and end.
        let near = if below(random, 2) == 0 { 2048 } else { usize::MAX };
        let span = bytes.len().min(near);
        let mut at = below(random, span);
        if below(random, 2) == 0 {
            at = bytes.len().saturating_sub(1 + at);
        }
        let length = 1 + below(random, 64).min(bytes.len().saturating_sub(at + 1));
        match below(random, 7) {
            0 => bytes[at] ^= 1 << below(random, 8),
            1 => bytes[at] = u8::try_from(below(random, 0x20)).unwrap(),
            2 => {
                bytes.splice(at..=at, [0xff, 0xff, 0xff, 0xff, 0x0f]);
            }
            3 => {
                bytes.drain(at..at + length);
            }
            4 => {
                let piece = bytes[at..at + length].to_vec();
                bytes.splice(at..at, piece);
            }
            5 => bytes.truncate(at.max(8)),
            _ => {
                let other = &corpus[below(random, corpus.len())];
                let from = below(random, other.len() - length);
                bytes.splice(at..at + length, other[from..from + length].iter().copied());
            }
        }
    }
    bytes
}

#[tokio::test]
async fn truncated_and_bit_flipped_modules_are_refused_or_run_within_their_budgets() {
    let folder = format!("{}/tests/contract/1.0.0", env!("CARGO_MANIFEST_DIR"));
    let corpus: Vec<_> =
        ["sms", "email", "social"].iter().map(|kind| std::fs::read(format!("{folder}/{kind}.wasm")).unwrap()).collect();
    let mut random = ChaCha8Rng::seed_from_u64(setting("KEYWAY_FUZZ_SEED", 1));
    let (_folder, sandbox) = sandbox("", Budgets::default(), false);
    let (mut refused, mut called) = (0, 0);
    for round in 0..setting("KEYWAY_FUZZ_ROUNDS", 600) {
        let wasm = mutant(&mut random, &corpus);
        if let Err(problems) = inspect(&wasm) {
            assert!(!problems.is_empty(), "round {round}");
            let said = |text: &str| !text.is_empty() && text.len() < 4096;
            assert!(
                problems.iter().all(|problem| problem.code.code().starts_with("upload.") && said(&problem.message)),
                "round {round}"
            );
            refused += 1;
        } else if called < MAX_CALLED {
            called += 1;
            let Ok(component) = sandbox.admit(&wasm).await else { continue };
            let message = Message {
                to: "8613012345678".into(),
                usage: "SignIn".into(),
                payload: json!({ "code": "123456" }).to_string(),
                locale: None,
                template: None,
            };
            // No host is reachable here, so that a call ends in a typed error or, for a changed component, in any answer.
            let context = Context::new(json!({ "endpoint": "https://a.example/" }));
            let (_, report) = sandbox.send(&component, &context, message).await;
            assert!(report.memory <= Budgets::default().memory, "round {round}");
        }
    }
    assert!(refused > 0 && called > 0, "{refused} refused, {called} called");
}
