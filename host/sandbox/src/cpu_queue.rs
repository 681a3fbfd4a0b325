//! Turns for guests that compute for long. A call of a few milliseconds never waits; beyond that, guests share a part of the
//! machine's cores tick by tick, so that a runaway one delays its like and nobody else.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The cores that long-running guests share: half of them.
#[derive(Debug, Clone)]
pub struct CpuQueue(Arc<Semaphore>);

impl Default for CpuQueue {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self(Arc::new(Semaphore::new((cores / 2).max(1))))
    }
}

/// One call's turn on the queue, while it has one.
#[derive(Debug, Clone, Default)]
pub struct CpuTurn(Arc<Mutex<Option<OwnedSemaphorePermit>>>);

impl CpuTurn {
    /// Leaves the queue; whoever waits longest goes on.
    pub fn end(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Waits for the next turn, behind those who wait already.
    pub fn next(&self, cpu_queue: &CpuQueue) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        self.end();
        let (cpu_queue, turn) = (Arc::clone(&cpu_queue.0), Arc::clone(&self.0));
        Box::pin(async move {
            tokio::task::yield_now().await;
            let permit = cpu_queue.acquire_owned().await.ok();
            *turn.lock().unwrap_or_else(PoisonError::into_inner) = permit;
        })
    }
}
