//! The raw primitives on all cores: what the server's speeds are compared with.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

use argon2::password_hash::PasswordHasher as _;
use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair};

use crate::measure::{Plan, Rate};

fn on_all_cores(plan: &Plan, work: impl Fn() + Sync) -> Rate {
    let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    let mut rounds = Vec::new();
    let mut total = 0;
    for _ in 0..plan.rounds {
        let count = AtomicU32::new(0);
        let start = Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..cores {
                scope.spawn(|| {
                    while start.elapsed() < plan.round {
                        work();
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
        });
        let done = count.into_inner();
        total += done;
        rounds.push(f64::from(done) / start.elapsed().as_secs_f64());
    }
    Rate { rounds, total }
}

/// ES384 signatures per second, as a token needs one.
pub fn es384(plan: &Plan) -> Rate {
    let rng = SystemRandom::new();
    let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).ok();
    on_all_cores(plan, || {
        let _ = pair.as_ref().map(|pair| pair.sign(&rng, b"a signing input of the usual length"));
    })
}

/// argon2id hashes per second with the server's parameters.
pub fn argon2id(plan: &Plan) -> Rate {
    let params = Params::new(19_456, 2, 1, None).unwrap_or_default();
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    on_all_cores(plan, || {
        let _ = argon2.hash_password_with_salt(b"correct horse battery", b"0123456789abcdef");
    })
}
