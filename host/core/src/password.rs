//! Password hashing: argon2id, off the async threads, as many at once as there are cores.

use std::cell::RefCell;
use std::sync::{Arc, Mutex, PoisonError, mpsc};

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use keyway_model::user::{PasswordHash, PasswordMethod};
use keyway_model::{ErrorCode, Rng};
use tokio::sync::oneshot;

use crate::CoreError;

/// Memory in KiB, passes and lanes: OWASP's first choice for argon2id.
const COST: (u32, u32, u32) = (19_456, 2, 1);

/// Most memory in KiB that an imported hash may ask for.
const MOST_MEMORY: u32 = 256 * 1024;
/// Passwords that may wait.
const QUEUE: usize = 1024;

type Job = Box<dyn FnOnce() + Send>;

/// Hashes and verifies passwords. Threads of its own keep the 19 MiB of each hash: on shared threads every one of them
/// would end up with a copy.
pub struct Hasher {
    rng: Arc<dyn Rng>,
    queue: mpsc::SyncSender<Job>,
    /// Verified in place of an account that does not exist, so that both take the same time.
    decoy: PasswordHash,
}

thread_local! {
    /// The blocks of this thread's hashes. Asked for anew each time, 19 MiB cost page faults and fragment the heap.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Computes `out` from a password in this thread's own memory.
fn compute(argon2: &Argon2<'_>, password: &str, salt: &[u8], out: &mut [u8]) -> Result<(), argon2::Error> {
    MEMORY.with_borrow_mut(|memory| {
        let needed = argon2.params().block_count();
        if memory.len() < needed {
            memory.resize(needed, Block::default());
        }
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, memory)
    })
}

fn hash(password: &str, salt: &[u8]) -> Result<PasswordHash, CoreError> {
    let failed = |_| CoreError::Internal("argon2 hash");
    let (memory, passes, lanes) = COST;
    let params = Params::new(memory, passes, lanes, None).map_err(failed)?;
    let encoded_params = ParamsString::try_from(&params).map_err(|_| CoreError::Internal("argon2 parameters"))?;
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&Argon2::new(Algorithm::Argon2id, Version::V0x13, params), password, salt, &mut out).map_err(failed)?;
    let phc = Phc {
        algorithm: Algorithm::Argon2id.ident(),
        version: Some(Version::V0x13.into()),
        params: encoded_params,
        salt: Some(Salt::new(salt).map_err(|_| CoreError::Internal("salt"))?),
        hash: Some(Output::new(&out).map_err(|_| CoreError::Internal("argon2 output"))?),
    };
    Ok(PasswordHash { method: PasswordMethod::Argon2id, encoded: phc.to_string() })
}

fn verify(password: &str, hash: &PasswordHash) -> bool {
    match hash.method {
        PasswordMethod::Argon2id | PasswordMethod::Argon2i => verify_argon2(password, &hash.encoded).unwrap_or(false),
        PasswordMethod::Bcrypt => bcrypt::verify(password, &hash.encoded).unwrap_or(false),
    }
}

fn verify_argon2(password: &str, encoded: &str) -> Option<bool> {
    let phc = Phc::new(encoded).ok()?;
    let (salt, expected) = (phc.salt.as_ref()?, phc.hash.as_ref()?);
    let version = phc.version.map_or(Ok(Version::default()), Version::try_from).ok()?;
    let argon2 = Argon2::new(phc.algorithm.as_str().try_into().ok()?, version, Params::try_from(&phc).ok()?);
    let mut out = vec![0; expected.len()];
    compute(&argon2, password, salt, &mut out).ok()?;
    Some(subtle::ConstantTimeEq::ct_eq(out.as_slice(), expected.as_bytes()).into())
}

impl Hasher {
    /// A hasher with a thread for each core.
    pub async fn new(rng: Arc<dyn Rng>) -> Result<Self, CoreError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let (queue, jobs) = mpsc::sync_channel::<Job>(QUEUE);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..cores {
            let jobs = Arc::clone(&jobs);
            let next = move || jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let work = move || {
                while let Ok(job) = next() {
                    job();
                }
            };
            let thread = std::thread::Builder::new().name(format!("hash-{number}"));
            thread.spawn(work).map_err(|_| CoreError::Internal("hash thread"))?;
        }
        let empty = PasswordHash { method: PasswordMethod::Argon2id, encoded: String::new() };
        let hasher = Self { queue, decoy: empty, rng };
        let decoy = hasher.hash("decoy".to_owned()).await?;
        Ok(Self { decoy, ..hasher })
    }

    async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, CoreError> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move || {
            let _ = sender.send(work());
        });
        // A full queue would take longer to work off than anybody waits.
        self.queue.try_send(job).map_err(|_| ErrorCode::Unavailable)?;
        receiver.await.map_err(|_| CoreError::Internal("hash thread"))
    }

    /// Hashes a new password.
    pub async fn hash(&self, password: String) -> Result<PasswordHash, CoreError> {
        let mut salt = [0; 16];
        self.rng.fill(&mut salt);
        self.run(move || hash(&password, &salt)).await?
    }

    /// Whether `password` is the one behind `stored`; without a stored hash the answer is no, after the same time.
    pub async fn verify(&self, password: String, stored: Option<PasswordHash>) -> Result<bool, CoreError> {
        let known = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        Ok(self.run(move || verify(&password, &stored)).await? && known)
    }
}

/// Whether an imported hash can be verified at all.
pub fn is_readable(hash: &PasswordHash) -> bool {
    match hash.method {
        PasswordMethod::Argon2id | PasswordMethod::Argon2i => Phc::new(&hash.encoded)
            .is_ok_and(|phc| Params::try_from(&phc).is_ok_and(|params| params.m_cost() <= MOST_MEMORY)),
        PasswordMethod::Bcrypt => hash.encoded.starts_with("$2") && hash.encoded.len() == 60,
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;

    use super::*;

    struct Fixed;
    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(9);
        }
    }

    #[tokio::test]
    async fn imported_hashes_verify() {
        let hasher = Hasher::new(Arc::new(Fixed)).await.unwrap();
        let made = hasher.hash("a good password".into()).await.unwrap();
        assert!(hasher.verify("a good password".into(), Some(made.clone())).await.unwrap());
        assert!(!hasher.verify("another".into(), Some(made)).await.unwrap());
        assert!(!hasher.verify("decoy".into(), None).await.unwrap());
        let bcrypt = PasswordHash { method: PasswordMethod::Bcrypt, encoded: bcrypt::hash("old", 4).unwrap() };
        assert!(is_readable(&bcrypt) && hasher.verify("old".into(), Some(bcrypt)).await.unwrap());
        let argon2i = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(64, 2, 1, None).unwrap());
        let encoded = argon2i.hash_password_with_salt(b"old", b"0123456789abcdef").unwrap().to_string();
        let argon2i = PasswordHash { method: PasswordMethod::Argon2i, encoded };
        assert!(is_readable(&argon2i) && hasher.verify("old".into(), Some(argon2i)).await.unwrap());
    }
}
