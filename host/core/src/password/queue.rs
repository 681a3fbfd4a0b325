//! The queue of the hashing threads: addresses take turns, so that one that sends much delays itself and nobody else.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use keyway_model::network::subnet;

/// Jobs that may wait.
const MAX_JOBS: usize = 1024;
/// Jobs of one address that may wait.
const MAX_JOBS_OF_ONE: usize = 256;

pub(super) type HashJob = Box<dyn FnOnce() + Send>;

#[derive(Default)]
struct Waiting {
    /// Addresses that have jobs, in the order of their turns.
    turns: VecDeque<String>,
    jobs: HashMap<String, VecDeque<HashJob>>,
    count: usize,
    is_closed: bool,
}

/// Jobs by address.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job of an address; false when too many wait: they would take longer to work off than anybody waits.
    pub fn push(&self, address: &str, job: HashJob) -> bool {
        let share = share_of(address);
        let mut waiting = self.lock();
        let of_one = waiting.jobs.get(&share).map_or(0, VecDeque::len);
        if waiting.count >= MAX_JOBS || of_one >= MAX_JOBS_OF_ONE {
            return false;
        }
        waiting.count += 1;
        if of_one == 0 {
            waiting.turns.push_back(share.clone());
        }
        waiting.jobs.entry(share).or_default().push_back(job);
        drop(waiting);
        self.changed.notify_one();
        true
    }

    /// The next job; waits for one. None when the queue is closed.
    pub fn pop(&self) -> Option<HashJob> {
        let mut waiting = self.lock();
        loop {
            if waiting.is_closed {
                return None;
            }
            if let Some(job) = waiting.next() {
                return Some(job);
            }
            waiting = self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets the threads end.
    pub fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }
}

impl Waiting {
    fn next(&mut self) -> Option<HashJob> {
        let share = self.turns.pop_front()?;
        let jobs = self.jobs.get_mut(&share)?;
        let job = jobs.pop_front();
        if jobs.is_empty() {
            self.jobs.remove(&share);
        } else {
            self.turns.push_back(share);
        }
        self.count = self.count.saturating_sub(usize::from(job.is_some()));
        job
    }
}

/// One customer has a /48 of IPv6 addresses.
fn share_of(address: &str) -> String {
    address.parse::<IpAddr>().map_or_else(|_| address.to_owned(), |ip| subnet(ip, 48).to_string())
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn order(pushes: &[&str]) -> Vec<String> {
        let queue = Queue::default();
        let (sender, receiver) = mpsc::channel();
        for address in pushes {
            let (sender, address) = (sender.clone(), (*address).to_owned());
            assert!(queue.push(&address.clone(), Box::new(move || sender.send(address).unwrap())));
        }
        for _ in pushes {
            queue.pop().unwrap()();
        }
        receiver.try_iter().collect()
    }

    #[test]
    fn a_flood_of_one_address_delays_nobody_else() {
        let mut pushes = vec!["198.51.100.1"; 150];
        pushes.extend(["203.0.113.1", "203.0.113.2"]);
        let order = order(&pushes);
        assert_eq!(order.get(1..3).unwrap(), ["203.0.113.1", "203.0.113.2"]);
    }

    #[test]
    fn a_network_of_one_customer_has_one_share() {
        assert_eq!(share_of("2001:db8::1"), share_of("2001:db8::ffff:1"));
        assert_eq!(share_of("2001:db8::1"), share_of("2001:db8:0:1::1"));
        assert_ne!(share_of("2001:db8::1"), share_of("2001:db8:1::1"));
        assert_eq!(share_of("::ffff:203.0.113.1"), "203.0.113.1");
        let pushes: Vec<String> = (1..100).map(|host| format!("2001:db8::{host:x}")).collect();
        let mut pushes: Vec<&str> = pushes.iter().map(String::as_str).collect();
        pushes.push("203.0.113.1");
        assert_eq!(order(&pushes).get(1).unwrap(), "203.0.113.1");
    }

    #[test]
    fn one_address_does_not_fill_the_queue() {
        let queue = Queue::default();
        let pushed = (0..2000).filter(|_| queue.push("198.51.100.1", Box::new(|| ()))).count();
        assert_eq!(pushed, MAX_JOBS_OF_ONE);
        assert!(queue.push("203.0.113.1", Box::new(|| ())));
    }
}
