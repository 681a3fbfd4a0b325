//! What is done for nobody in particular, each by one node at a time: a job is leased in the store, a node that dies lets its lease end,
//! and another goes on. Nothing that is checked depends on them.

use keyway_model::Timestamp;
use keyway_store::retention::{SWEEPS, Sweep};
use keyway_store::{StoreError, Tx, jobs, password_costs, tenants, users};

use crate::{Core, CoreError, password};

/// Seconds after which a job whose node is silent is another's.
const LEASE: i64 = 15;
/// Seconds between two runs of a job.
const EVERY: i64 = 300;
/// Seconds after which a job that failed is tried again; twice as long after each further failure, up to [`EVERY`].
const RETRY: i64 = 5;
/// Rows of one transaction.
const BATCH: i64 = 1000;
/// The same where each row costs more: it is written anew, or there are some of every table.
const FEW: i64 = 200;
/// Transactions of one run: then the other jobs have their turn.
const BATCHES: u32 = 20;

/// A job.
#[derive(Debug, Clone, Copy)]
enum Job {
    /// Brings users' rows of an earlier version up to date.
    Derive,
    /// Removes the rows of deleted tenants.
    DeletedTenants,
    /// Removes the costs of password hashes that nobody has any more.
    PasswordCosts,
    /// Removes what time has ended.
    Sweep(Sweep),
}

/// How a run of a job ended.
enum JobEnd {
    /// There is nothing left to do for now.
    Done,
    /// There is more to do.
    Unfinished,
    /// Another node has it.
    Lost,
}

impl Job {
    fn all() -> impl Iterator<Item = Self> {
        let others = [Self::Derive, Self::DeletedTenants, Self::PasswordCosts];
        others.into_iter().chain(SWEEPS.iter().copied().map(Self::Sweep))
    }

    fn name(self) -> &'static str {
        match self {
            Self::Derive => "users' rows",
            Self::DeletedTenants => "deleted tenants",
            Self::PasswordCosts => "password costs",
            Self::Sweep(sweep) => sweep.name,
        }
    }

    /// One batch; the number of rows, 0 when there is nothing left.
    async fn batch(self, tx: &mut Tx, core: &Core, now: Timestamp) -> Result<u64, StoreError> {
        match self {
            Self::Derive => derive(tx, core.parts.password_cost).await,
            Self::DeletedTenants => tenants::remove_deleted(tx, FEW).await,
            Self::PasswordCosts => password_costs::remove_unused(tx).await,
            Self::Sweep(sweep) => sweep.batch(tx, core.parts.retention, now, BATCH).await,
        }
    }
}

/// One batch of users; their number.
async fn derive(tx: &mut Tx, ours: password::Cost) -> Result<u64, StoreError> {
    let outdated = users::outdated(tx, FEW).await?;
    for (tenant, user) in &outdated {
        users::derive(tx, tenant, user).await?;
        // A hash that cannot be read signs nobody in.
        if let Some(Ok(Some(cost))) = user.password.as_ref().map(|hash| password::imported(hash, ours)) {
            password_costs::note(tx, tenant, &user.id, &cost, |_| true).await?;
        }
    }
    Ok(outdated.len() as u64)
}

impl Core {
    /// Does every job that is due and that no other node does, in turns, until none has anything left; the names of those that failed.
    /// One that fails stops none of the others and is tried again, at longer and longer intervals.
    pub async fn run_due_jobs(&self) -> Result<Vec<&'static str>, CoreError> {
        let mut failed = Vec::new();
        loop {
            let now = self.now();
            let resting = self.read(async |tx| jobs::resting(tx, now).await).await?;
            let mut unfinished = false;
            for job in Job::all().filter(|job| !resting.iter().any(|name| name == job.name())) {
                match self.run_job(job).await {
                    Ok(ended) => unfinished |= matches!(ended, JobEnd::Unfinished),
                    Err(error) => {
                        tracing::warn!(job = job.name(), %error, "a job failed");
                        failed.push(job.name());
                    }
                }
            }
            if !unfinished {
                return Ok(failed);
            }
        }
    }

    /// Gives back the jobs of this node, which stops: others need not wait for its leases to end.
    pub async fn release_jobs(&self) -> Result<(), CoreError> {
        let holder = self.node.as_str();
        self.parts.store.write(async move |tx| Ok::<_, CoreError>(jobs::release(tx, holder).await?)).await
    }

    async fn run_job(&self, job: Job) -> Result<JobEnd, CoreError> {
        let (name, holder, now) = (job.name(), self.node.as_str(), self.now());
        let store = &self.parts.store;
        let claim = store.write(async move |tx| jobs::claim(tx, name, holder, now, now.plus_seconds(LEASE)).await);
        let Some(failures) = claim.await? else { return Ok(JobEnd::Lost) };
        let outcome = self.run_batches(job).await;
        let now = self.now();
        let (due_at, failures) = match &outcome {
            Ok(JobEnd::Lost) => return Ok(JobEnd::Lost),
            Ok(JobEnd::Unfinished) => (now, 0),
            Ok(JobEnd::Done) => (now.plus_seconds(EVERY), 0),
            Err(_) => (now.plus_seconds((RETRY << failures.clamp(0, 10)).min(EVERY)), failures + 1),
        };
        let finish = store.write(async move |tx| jobs::finish(tx, name, holder, due_at, failures).await);
        finish.await?;
        Ok(outcome?)
    }

    async fn run_batches(&self, job: Job) -> Result<JobEnd, StoreError> {
        for _ in 0..BATCHES {
            let now = self.now();
            let until = now.plus_seconds(LEASE);
            let batch = self.parts.store.write(async |tx| {
                // A node that was stopped for a while does nothing with a lease that ended.
                if jobs::renew(tx, job.name(), &self.node, now, until).await? {
                    job.batch(tx, self, now).await.map(Some)
                } else {
                    Ok::<_, StoreError>(None)
                }
            });
            match batch.await? {
                None => return Ok(JobEnd::Lost),
                Some(0) => return Ok(JobEnd::Done),
                Some(_) => {}
            }
        }
        Ok(JobEnd::Unfinished)
    }
}
