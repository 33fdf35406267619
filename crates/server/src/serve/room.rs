//! How many connections there is room for: all together, and from one network address.
//!
//! Each takes a descriptor, and whoever has taken them all also keeps the database from opening its files. So the room
//! follows from what the system allows, less what everything else needs, and one address gets only a part of it. Who
//! finds no room is sent away at once: a queue would be another thing to fill.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ipnet::IpNet;

use crate::throttle::network;

/// More connections than this are never served.
const MOST: usize = 10_000;
/// From one network address.
const MOST_OF_ONE: usize = 1_000;
/// On the operator's listener.
const MOST_OPERATORS: usize = 64;
/// Descriptors if the system doesn't say.
const USUAL_DESCRIPTORS: u64 = 1024;
/// Descriptors for listeners, logs, and whatever libraries open.
const OTHERS: u64 = 128;
/// Descriptors of the database for each core: a reader has two files, and there are three readers.
const DATABASE: u64 = 8;

/// Room for connections; clones share it.
#[derive(Clone)]
pub struct Room(Arc<Shared>);

struct Shared {
    most: usize,
    most_of_one: usize,
    /// Proxies, behind which there are many.
    exempt: Vec<IpNet>,
    taken: Mutex<Taken>,
}

#[derive(Default)]
struct Taken {
    all: usize,
    by_network: HashMap<String, usize>,
    refused: u64,
}

/// One connection's place, free again when this is dropped.
pub struct Place {
    room: Arc<Shared>,
    /// Whose it is, where that is counted.
    network: Option<String>,
}

impl Room {
    /// Room for the public, as large as the system allows: raises the process's limit of open files.
    pub fn public(trusted_proxies: &[IpNet]) -> Self {
        let descriptors = rlimit::increase_nofile_limit(u64::MAX).unwrap_or_else(|error| {
            tracing::warn!(%error, "the limit of open files could not be raised");
            USUAL_DESCRIPTORS
        });
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let most = share(descriptors, u64::try_from(cores).unwrap_or(u64::MAX));
        tracing::info!(descriptors, connections = most, "room for connections");
        Self::new(most, MOST_OF_ONE, trusted_proxies)
    }

    /// Room for the operator's few.
    pub fn operator() -> Self {
        Self::new(MOST_OPERATORS, MOST_OPERATORS, &[])
    }

    fn new(most: usize, most_of_one: usize, exempt: &[IpNet]) -> Self {
        let taken = Mutex::default();
        Self(Arc::new(Shared { most, most_of_one, exempt: exempt.to_vec(), taken }))
    }

    /// A place for a connection from this address; none if there is no room for it.
    pub fn enter(&self, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_exempt = self.0.exempt.iter().any(|proxies| proxies.contains(&peer));
        let network = (!is_exempt).then(|| network(peer));
        let mut taken = self.0.taken();
        let of_one = network.as_ref().and_then(|network| taken.by_network.get(network)).copied().unwrap_or(0);
        if taken.all >= self.0.most || of_one >= self.0.most_of_one {
            taken.refused += 1;
            // Not each of them: whoever floods the server must not flood its log.
            if taken.refused.is_power_of_two() {
                tracing::warn!(%peer, refused = taken.refused, "no room for a connection");
            }
            return None;
        }
        taken.all += 1;
        if let Some(network) = &network {
            taken.by_network.insert(network.clone(), of_one + 1);
        }
        drop(taken);
        Some(Place { room: self.0.clone(), network })
    }
}

/// The connections that so many descriptors allow; at least half of them go to connections.
fn share(descriptors: u64, cores: u64) -> usize {
    let others = DATABASE.saturating_mul(cores).saturating_add(OTHERS).min(descriptors / 2);
    usize::try_from(descriptors - others).unwrap_or(usize::MAX).min(MOST)
}

impl Shared {
    /// Counting is never left half done, whoever panics.
    fn taken(&self) -> MutexGuard<'_, Taken> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.room.taken();
        taken.all = taken.all.saturating_sub(1);
        let Some(network) = &self.network else { return };
        if let Some(of_one) = taken.by_network.get_mut(network) {
            *of_one -= 1;
            if *of_one == 0 {
                taken.by_network.remove(network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::Router;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tokio::sync::watch;

    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn one_address_takes_only_its_part_and_a_proxy_is_many() {
        let room = Room::new(6, 2, &["10.0.0.0/8".parse().unwrap()]);
        let near = [room.enter(address("192.0.2.1")), room.enter(address("::ffff:192.0.2.1"))];
        assert!(near.iter().all(Option::is_some));
        assert!(room.enter(address("192.0.2.1")).is_none());
        let other = room.enter(address("192.0.2.2"));
        assert!(other.is_some());
        let behind: Vec<_> = (0..3).map(|_| room.enter(address("10.0.0.5"))).collect();
        assert!(behind.iter().all(Option::is_some));
        assert!(room.enter(address("192.0.2.3")).is_none(), "the room is full");
        drop((near, other, behind));
        assert!(room.0.taken().by_network.is_empty(), "nothing is left of who is gone");
        assert_eq!(room.0.taken().all, 0);
    }

    #[test]
    fn an_ipv6_host_is_one_address_whatever_it_calls_itself() {
        let room = Room::new(9, 1, &[]);
        let _place = room.enter(address("2001:db8::1")).unwrap();
        assert!(room.enter(address("2001:db8::2")).is_none());
        assert!(room.enter(address("2001:db8:0:1::1")).is_some());
    }

    #[test]
    fn what_the_system_allows_is_shared_with_the_database() {
        assert_eq!(share(1024, 2), 1024 - 128 - 16);
        assert_eq!(share(256, 64), 128);
        assert_eq!(share(1 << 20, 2), MOST);
        assert_eq!(share(u64::MAX, u64::MAX), MOST);
    }

    #[tokio::test]
    async fn who_finds_no_room_is_sent_away_at_once() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let (stop, stopping) = watch::channel(false);
        let room = Room::new(1, 1, &[]);
        let serving = tokio::spawn(super::super::serve(listener, Router::new(), room.clone(), stopping));
        let mut first = TcpStream::connect(at).await.unwrap();
        first.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
        let mut answer = [0; 12];
        first.read_exact(&mut answer).await.unwrap();
        assert_eq!(&answer, b"HTTP/1.1 404");
        let mut second = TcpStream::connect(at).await.unwrap();
        // Sooner than a connection that says nothing is closed anyway.
        let closed = tokio::time::timeout(Duration::from_secs(5), second.read(&mut answer)).await;
        assert_eq!(closed.unwrap().unwrap(), 0, "closed without a word");
        stop.send_replace(true);
        drop(first);
        serving.await.unwrap();
        assert!(room.enter(address("127.0.0.1")).is_some(), "the place is free again");
    }
}
