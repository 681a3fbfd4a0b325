//! Which connections a listener holds: so many of one address, and so many in all. When it is full, the one that has gone longest
//! without a request makes room, so that whoever holds connections open keeps nobody out.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;
use keyway_model::network::subnet;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// What divides the connections of one address where the listener is full: those who have many do not push others out.
const FULL: usize = 8;

/// How many connections may be open.
#[derive(Clone)]
pub struct ConnectionLimits {
    /// On a listener.
    pub all: usize,
    /// From one address.
    pub per_address: usize,
    /// Networks of proxies: their connections are not counted by address and never make room, for they speak for many.
    pub proxies: Arc<[IpNet]>,
    /// Whether connections of this machine are counted by address.
    pub counts_local: bool,
}

/// The connections of a listener.
#[derive(Clone)]
pub struct Connections {
    limits: ConnectionLimits,
    room: Arc<Semaphore>,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    /// For IPv6 by /64, which is what one customer is given.
    by_address: HashMap<IpAddr, usize>,
    /// Those that may make room, by a number that grows: the first has gone longest without a request.
    idle: BTreeMap<u64, Arc<Notify>>,
    last: u64,
}

/// One connection, until it is dropped.
pub struct Connection {
    open: Arc<Mutex<Open>>,
    /// None where it is not counted.
    address: Option<IpAddr>,
    /// Its number among the idle ones. None where it never makes room.
    idle: Option<AtomicU64>,
    closing: Arc<Notify>,
    _room: OwnedSemaphorePermit,
}

/// A request under way, until it is dropped.
pub struct Working<'a>(&'a Connection);

fn lock(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Connections {
    /// None yet.
    pub fn new(limits: ConnectionLimits) -> Self {
        let room = Arc::new(Semaphore::new(limits.all));
        Self { limits, room, open: Arc::default() }
    }

    /// A connection of this peer; none where its address has as many as it may have: an eighth of that where the listener is full.
    /// A full listener closes the one that has gone longest without a request, and waits where each has one under way.
    pub async fn enter(&self, peer: IpAddr) -> Option<Connection> {
        let is_proxy = self.limits.proxies.iter().any(|network| network.contains(&peer));
        let is_counted = !is_proxy && (self.limits.counts_local || !peer.is_loopback());
        let address = is_counted.then(|| subnet(peer, 64));
        let most = match self.room.available_permits() {
            0 => self.limits.per_address / FULL,
            _ => self.limits.per_address,
        };
        if let Some(address) = address
            && lock(&self.open).by_address.get(&address).is_some_and(|count| *count >= most.max(1))
        {
            return None;
        }
        let room = if let Ok(room) = Arc::clone(&self.room).try_acquire_owned() {
            room
        } else {
            let longest = lock(&self.open).idle.pop_first();
            if let Some((_, closing)) = longest {
                closing.notify_one();
            }
            Arc::clone(&self.room).acquire_owned().await.ok()?
        };
        if let Some(address) = address {
            *lock(&self.open).by_address.entry(address).or_default() += 1;
        }
        let idle = (!is_proxy).then(AtomicU64::default);
        let connection =
            Connection { open: Arc::clone(&self.open), address, idle, closing: Arc::default(), _room: room };
        connection.rest();
        Some(connection)
    }
}

impl Connection {
    fn rest(&self) {
        let Some(number) = &self.idle else { return };
        let mut open = lock(&self.open);
        open.last += 1;
        let last = open.last;
        open.idle.insert(last, Arc::clone(&self.closing));
        number.store(last, Ordering::Relaxed);
    }

    fn wake(&self, open: &mut Open) {
        if let Some(number) = &self.idle {
            open.idle.remove(&number.load(Ordering::Relaxed));
        }
    }

    /// A request begins; meanwhile the connection makes no room.
    pub fn work(&self) -> Working<'_> {
        self.wake(&mut lock(&self.open));
        Working(self)
    }

    /// Ends when the connection is to make room.
    pub async fn closing(&self) {
        self.closing.notified().await;
    }
}

impl Drop for Working<'_> {
    fn drop(&mut self) {
        self.0.rest();
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let mut open = lock(&self.open);
        self.wake(&mut open);
        let Some(address) = self.address else { return };
        if let Some(count) = open.by_address.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn connections(all: usize, per_address: usize) -> Connections {
        let proxies = Arc::new(["198.51.100.0/24".parse().unwrap()]);
        Connections::new(ConnectionLimits { all, per_address, proxies, counts_local: true })
    }

    async fn enter(connections: &Connections, peer: &str) -> Option<Connection> {
        connections.enter(peer.parse().unwrap()).await
    }

    #[tokio::test]
    async fn connections_of_one_customer_are_counted_together() {
        let all = connections(100, 2);
        let (one, two) = (enter(&all, "2001:db8::1").await, enter(&all, "2001:db8::2").await);
        assert!(one.is_some() && two.is_some());
        assert!(enter(&all, "2001:db8::3").await.is_none());
        assert!(enter(&all, "2001:db8:0:1::1").await.is_some());
        let mut proxied = Vec::new();
        for _ in 0..5 {
            proxied.push(enter(&all, "198.51.100.7").await.unwrap());
        }
        drop(one);
        assert!(enter(&all, "2001:db8::4").await.is_some());
        drop((two, proxied));
        let open = lock(&all.open);
        assert!(open.by_address.is_empty() && open.idle.is_empty(), "connections that are gone are forgotten");
    }

    #[tokio::test]
    async fn who_has_many_connections_pushes_nobody_out() {
        let all = connections(4, 16);
        let mut many = vec![enter(&all, "192.0.2.1").await, enter(&all, "192.0.2.1").await];
        many.push(enter(&all, "192.0.2.1").await);
        let honest = enter(&all, "203.0.113.7").await.unwrap();
        assert!(enter(&all, "192.0.2.1").await.is_none(), "full, and it has its share");
        drop(honest);
        assert!(enter(&all, "192.0.2.1").await.is_some(), "there is room");
    }

    /// Slow clients from any number of addresses: the listener is full of them, and an honest client comes in.
    #[tokio::test]
    async fn resource_exhaustion_who_has_gone_longest_without_a_request_makes_room() {
        let all = connections(3, 3);
        let _proxied = enter(&all, "198.51.100.7").await.unwrap();
        let working = enter(&all, "192.0.2.1").await.unwrap();
        let request = working.work();
        let idle = enter(&all, "192.0.2.2").await.unwrap();
        let made_room = async |connection: Connection| connection.closing().await;
        let (honest, ()) = tokio::join!(enter(&all, "203.0.113.7"), made_room(idle));
        drop(request);
        let (next, ()) = tokio::join!(enter(&all, "203.0.113.8"), made_room(honest.unwrap()));
        let (last, ()) = tokio::join!(enter(&all, "203.0.113.9"), made_room(working));
        assert!(next.is_some() && last.is_some());
    }
}
