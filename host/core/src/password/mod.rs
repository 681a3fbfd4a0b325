//! Password hashing: argon2id, off the async threads, as many at once as there are cores.

mod cost;
mod queue;

use std::borrow::Cow;
use std::cell::RefCell;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use keyway_model::user::{PasswordHash, PasswordMethod, User};
use keyway_model::{ErrorCode, Refusal, Rng, TenantId, password_policy};
use tokio::sync::oneshot;

use crate::{Core, CoreError};
use queue::{HashJob, Queue};

pub use cost::Cost;
pub(crate) use cost::{check_variant, imported, is_present, may_join};

/// How long anybody waits for a hash. A job whose caller has gone is not begun.
const DEADLINE: Duration = Duration::from_secs(20);

/// Blocks of 1 KiB that a thread keeps from one hash to the next: what our own need.
const MAX_IDLE_MEMORY: usize = 20 * 1024;

/// The address of work that no visitor asked for.
pub(crate) const NOBODY: &str = "";

/// Hashes and verifies passwords. Threads of its own keep the 19 MiB of each hash: on shared threads every one of them
/// would end up with a copy.
pub struct Hasher {
    rng: Arc<dyn Rng>,
    cost: Cost,
    /// Hashes of our own cost.
    queue: Arc<Queue>,
    /// Imported ones, and work for nothing: a hundred times the cost, perhaps, so that they delay each other and not the rest.
    imported: Arc<Queue>,
}

thread_local! {
    /// The blocks of this thread's hashes. Asked for anew each time, 19 MiB cost page faults and fragment the heap.
    static MEMORY: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

/// Computes `out` from a password in this thread's own memory.
fn compute(argon2: &Argon2<'_>, password: &str, salt: &[u8], out: &mut [u8]) -> Result<(), argon2::Error> {
    #[cfg(test)]
    tests::note(format!("argon2 {} {}", argon2.params().m_cost(), argon2.params().t_cost()));
    MEMORY.with_borrow_mut(|memory| {
        let needed = argon2.params().block_count();
        if memory.len() < needed {
            memory.resize(needed, Block::default());
        }
        let done = argon2.hash_password_into_with_memory(password.as_bytes(), salt, out, memory.as_mut_slice());
        if needed > MAX_IDLE_MEMORY {
            memory.clear();
            memory.shrink_to(MAX_IDLE_MEMORY);
        }
        done
    })
}

fn argon2(cost: Cost) -> Option<Argon2<'static>> {
    let Cost::Argon2(algorithm, memory, passes, lanes) = cost else { return None };
    let params = Params::new(memory, passes, lanes, None).ok()?;
    Some(Argon2::new(algorithm, Version::V0x13, params))
}

fn hash(password: &str, salt: &[u8], cost: Cost) -> Result<PasswordHash, CoreError> {
    let failed = |_| CoreError::Internal("argon2 hash");
    let argon2 = argon2(cost).ok_or(CoreError::Internal("argon2 parameters"))?;
    let encoded_params =
        ParamsString::try_from(argon2.params()).map_err(|_| CoreError::Internal("argon2 parameters"))?;
    let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
    compute(&argon2, password, salt, &mut out).map_err(failed)?;
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
        PasswordMethod::Bcrypt => {
            #[cfg(test)]
            tests::note(Cost::of(hash).map_or_else(|refusal| refusal.to_string(), |cost| cost.to_string()));
            bcrypt::verify(password, &hash.encoded).unwrap_or(false)
        }
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

/// Does what a hash of this cost takes, for nothing.
fn burn(password: &str, cost: Cost) {
    if let Cost::Bcrypt(rounds) = cost {
        #[cfg(test)]
        tests::note(cost.to_string());
        let _ = std::hint::black_box(bcrypt::hash_with_salt(password, rounds, [0; 16]));
    } else if let Some(argon2) = argon2(cost) {
        let mut out = [0; Params::DEFAULT_OUTPUT_LEN];
        let _ = std::hint::black_box(compute(&argon2, password, &[0; 16], &mut out));
    }
}

/// A password as it was typed and in its normal form (NIST SP 800-63B-4 section 3.1.1.2): hashes of ours are of the normal form,
/// imported ones of what was typed.
fn forms(password: &str) -> Vec<Cow<'_, str>> {
    let normal = password_policy::normalised(password);
    let typed = (normal != password).then_some(Cow::Borrowed(password));
    [normal].into_iter().chain(typed).collect()
}

/// The hash and its cost. One that is kept can be read, or was written by another hand: then it is none.
fn readable(stored: Option<&PasswordHash>) -> Option<(&PasswordHash, Cost)> {
    stored.and_then(|hash| Some((hash, Cost::of(hash).ok()?)))
}

/// Verifies a password by hashes of these costs, one after another: that which is stored, and for nothing in place of the others. So
/// a wrong password costs the same whatever is stored, and also where nothing is.
fn judge(password: &str, stored: Option<&PasswordHash>, costs: &[Cost]) -> bool {
    let stored = readable(stored);
    for form in forms(password) {
        for cost in costs {
            match stored {
                Some((hash, own)) if own == *cost => {
                    if verify(&form, hash) {
                        return true;
                    }
                }
                _ => burn(&form, *cost),
            }
        }
    }
    false
}

/// The costs of imported hashes that a wrong password is held against; that of the stored one is among them also where its import
/// is not known here yet.
fn foreign(stored: Option<&PasswordHash>, ours: Cost, imported: &[Cost]) -> Vec<Cost> {
    let mut costs: Vec<Cost> = imported.iter().copied().filter(|cost| *cost != ours).collect();
    if let Some((_, own)) = readable(stored)
        && own != ours
        && !costs.contains(&own)
    {
        costs.push(own);
    }
    costs
}

impl Hasher {
    /// A hasher with a thread for each core, and half as many for imported hashes. Its own have this cost: [`Cost::default`] but in
    /// tests.
    pub fn new(rng: Arc<dyn Rng>, cost: Cost) -> Result<Self, CoreError> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let hasher = Self { rng, cost, queue: Arc::default(), imported: Arc::default() };
        start("hash", cores, &hasher.queue)?;
        start("imported-hash", cores.div_ceil(2), &hasher.imported)?;
        Ok(hasher)
    }

    async fn run<T: Send + 'static>(
        queue: &Queue,
        address: &str,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, CoreError> {
        let (sender, receiver) = oneshot::channel();
        let job: HashJob = Box::new(move || {
            if !sender.is_closed() {
                let _ = sender.send(work());
            }
        });
        if !queue.push(address, job) {
            return Err(ErrorCode::Unavailable.into());
        }
        let done = tokio::time::timeout(DEADLINE, receiver).await.map_err(|_| ErrorCode::Unavailable)?;
        done.map_err(|_| CoreError::Internal("hash thread"))
    }

    /// Hashes a new password in its normal form, for a visitor at `address`.
    pub async fn hash(&self, address: &str, password: String) -> Result<PasswordHash, CoreError> {
        let mut salt = [0; 16];
        self.rng.fill(&mut salt);
        let cost = self.cost;
        Self::run(&self.queue, address, move || hash(&password_policy::normalised(&password), &salt, cost)).await?
    }

    /// Whether `password` is the one behind `stored`; `imported` are the costs of the tenant's imported hashes. No costs the
    /// same whatever is stored, and also where nothing is.
    pub async fn verify(
        &self,
        address: &str,
        password: String,
        stored: Option<PasswordHash>,
        imported: Vec<Cost>,
    ) -> Result<bool, CoreError> {
        let foreign = foreign(stored.as_ref(), self.cost, &imported);
        let work = {
            let (password, stored, ours) = (password.clone(), stored.clone(), self.cost);
            move || judge(&password, stored.as_ref(), &[ours])
        };
        if Self::run(&self.queue, address, work).await? {
            return Ok(true);
        }
        if foreign.is_empty() {
            return Ok(false);
        }
        Self::run(&self.imported, address, move || judge(&password, stored.as_ref(), &foreign)).await
    }
}

impl Drop for Hasher {
    fn drop(&mut self) {
        self.queue.close();
        self.imported.close();
    }
}

/// Starts threads that work off a queue until it is closed.
fn start(name: &str, threads: usize, queue: &Arc<Queue>) -> Result<(), CoreError> {
    for number in 0..threads {
        let queue = Arc::clone(queue);
        let work = move || {
            while let Some(job) = queue.pop() {
                // Its caller hears of it by the answer that does not come; the thread goes on.
                if std::panic::catch_unwind(AssertUnwindSafe(job)).is_err() {
                    tracing::error!("a password hash panicked");
                }
            }
        };
        let thread = std::thread::Builder::new().name(format!("{name}-{number}"));
        thread.spawn(work).map_err(|_| CoreError::Internal("hash thread"))?;
    }
    Ok(())
}

impl Core {
    /// Refuses a bad password for a user of this tenant; the site's own host name is no better than the user's own name.
    pub(crate) fn check_password(&self, tenant: &TenantId, password: &str, user: &User) -> Result<(), Refusal> {
        let endpoint = self.endpoint(tenant);
        let host = endpoint.split("//").nth(1).and_then(|rest| rest.split(['/', ':']).next()).unwrap_or_default();
        let words: Vec<String> = host.split('.').map(str::to_lowercase).collect();
        password_policy::check_at(password, Some(user), &words)
    }
}

#[cfg(test)]
mod tests {
    use argon2::password_hash::PasswordHasher as _;

    use super::*;

    thread_local! {
        static DONE: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    /// Writes down a hash that is computed on this thread.
    pub(super) fn note(cost: String) {
        DONE.with_borrow_mut(|done| done.push(cost));
    }

    /// The hashes that a judgement computes, counted rather than timed.
    fn work(password: &str, stored: Option<&PasswordHash>, imported: &[Cost]) -> (bool, Vec<String>) {
        DONE.take();
        let ours = Cost::Argon2(Algorithm::Argon2id, 64, 1, 1);
        let right = judge(password, stored, &[ours]) || judge(password, stored, &foreign(stored, ours, imported));
        let mut done = DONE.take();
        done.sort();
        (right, done)
    }

    #[test]
    fn noise_budget_of_a_wrong_password() {
        let own = hash("a good password", &[1; 16], Cost::Argon2(Algorithm::Argon2id, 64, 1, 1)).unwrap();
        let argon2i = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(128, 2, 1, None).unwrap());
        let encoded = argon2i.hash_password_with_salt(b"a good password", b"0123456789abcdef").unwrap().to_string();
        let imported = [
            PasswordHash { method: PasswordMethod::Argon2i, encoded },
            PasswordHash { method: PasswordMethod::Bcrypt, encoded: bcrypt::hash("a good password", 4).unwrap() },
        ];
        let broken = PasswordHash { method: PasswordMethod::Bcrypt, encoded: "not a hash".into() };
        let costs: Vec<Cost> = imported.iter().map(|hash| Cost::of(hash).unwrap()).collect();
        // The second has two ways of writing, each of which is tried.
        for wrong in ["a wrong password", "a wro\u{308}ng password"] {
            let unknown = work(wrong, None, &costs);
            assert!(!unknown.0 && unknown.1.len() >= 3, "{unknown:?}");
            for stored in imported.iter().chain([&own, &broken]) {
                assert_eq!(work(wrong, Some(stored), &costs), unknown, "{stored:?}");
            }
        }
        for stored in imported.iter().chain([&own]) {
            assert!(work("a good password", Some(stored), &costs).0);
        }
    }

    struct Fixed;
    impl Rng for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(9);
        }
    }

    async fn right(hasher: &Hasher, password: &str, hash: &PasswordHash) -> bool {
        hasher.verify(NOBODY, password.into(), Some(hash.clone()), Vec::new()).await.unwrap()
    }

    #[tokio::test]
    async fn imported_hashes_verify() {
        let hasher = Hasher::new(Arc::new(Fixed), Cost::default()).unwrap();
        let made = hasher.hash(NOBODY, "a good password".into()).await.unwrap();
        assert_eq!(Cost::of(&made).unwrap(), Cost::default());
        assert!(right(&hasher, "a good password", &made).await);
        assert!(!right(&hasher, "another", &made).await);
        assert!(!hasher.verify(NOBODY, "decoy".into(), None, vec![Cost::Bcrypt(4)]).await.unwrap());
        let bcrypt = PasswordHash { method: PasswordMethod::Bcrypt, encoded: bcrypt::hash("old", 4).unwrap() };
        assert!(right(&hasher, "old", &bcrypt).await);
        let argon2i = Argon2::new(Algorithm::Argon2i, Version::V0x13, Params::new(64, 2, 1, None).unwrap());
        let encoded = argon2i.hash_password_with_salt(b"old", b"0123456789abcdef").unwrap().to_string();
        assert!(right(&hasher, "old", &PasswordHash { method: PasswordMethod::Argon2i, encoded }).await);
    }

    #[tokio::test]
    async fn a_password_is_the_same_in_each_way_of_writing_its_letters() {
        let hasher = Hasher::new(Arc::new(Fixed), Cost::default()).unwrap();
        let (composed, decomposed) = ("pässwörter im garten", "pa\u{308}sswo\u{308}rter im garten");
        let made = hasher.hash(NOBODY, decomposed.into()).await.unwrap();
        assert!(right(&hasher, composed, &made).await && right(&hasher, decomposed, &made).await);
        let encoded = bcrypt::hash(decomposed, 4).unwrap();
        let imported = PasswordHash { method: PasswordMethod::Bcrypt, encoded };
        assert!(right(&hasher, decomposed, &imported).await);
    }

    /// Whoever keeps the server busy with imported hashes, whose work is a hundred times that of ours, delays none of ours.
    #[tokio::test]
    async fn resource_exhaustion_by_imported_hashes() {
        let hasher = Hasher::new(Arc::new(Fixed), Cost::Argon2(Algorithm::Argon2id, 64, 1, 1)).unwrap();
        let made = hasher.hash(NOBODY, "a good password".into()).await.unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = Arc::new(std::sync::Mutex::new(held));
        for _ in 0..100 {
            let held = Arc::clone(&held);
            assert!(hasher.imported.push(NOBODY, Box::new(move || drop(held.lock().map(|held| held.recv())))));
        }
        let costly = vec![Cost::Bcrypt(14)];
        assert!(hasher.verify(NOBODY, "a good password".into(), Some(made), costly).await.unwrap());
        drop(release);
    }

    #[tokio::test]
    async fn a_job_that_panics_does_not_end_its_thread() {
        let hasher = Hasher::new(Arc::new(Fixed), Cost::default()).unwrap();
        for _ in 0..64 {
            assert!(Hasher::run(&hasher.queue, NOBODY, || -> () { panic!("a job") }).await.is_err());
        }
        assert_eq!(Hasher::run(&hasher.queue, NOBODY, || 1).await.unwrap(), 1);
    }
}
