//! Which addresses count as one.

use std::net::IpAddr;

use ipnet::{Ipv4Net, Ipv6Net};

/// The networks of an address. Whoever has one IPv6 address has the 2^64 of its network, and often the 65,536 networks of its
/// site.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Network {
    /// What counts as one address: an IPv4 address, or an IPv6 /64. Empty when it is not known.
    pub address: String,
    /// What one customer of a network may hold: an IPv6 /48; empty for IPv4.
    pub site: String,
    /// Whose guesses at passwords are counted together: an IPv4 /24 or an IPv6 /48. Empty when it is not known.
    pub guesses: String,
}

impl Network {
    /// The networks of an address; of none when it is not one.
    pub fn of(ip: &str) -> Self {
        match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
            Ok(IpAddr::V4(ip)) => {
                let net = Ipv4Net::new(ip, 24).map(|net| net.trunc().to_string()).unwrap_or_default();
                Self { address: ip.to_string(), site: String::new(), guesses: net }
            }
            Ok(IpAddr::V6(ip)) => {
                let net = |bits| Ipv6Net::new(ip, bits).map(|net| net.trunc().to_string()).unwrap_or_default();
                Self { address: net(64), site: net(48), guesses: net(48) }
            }
            Err(_) => Self::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Network;

    #[test]
    fn ipv6_rotation_within_a_network_stays_one_address() {
        let (one, other) = (Network::of("2001:db8:1:2::1"), Network::of("2001:db8:1:2:ffff::2"));
        assert_eq!(one, other);
        assert_eq!((one.address.as_str(), one.site.as_str()), ("2001:db8:1:2::/64", "2001:db8:1::/48"));
        let neighbour = Network::of("2001:db8:1:3::1");
        assert_eq!((&neighbour.site, &neighbour.guesses), (&one.site, &one.guesses));
        let v4 = Network::of("::ffff:203.0.113.7");
        assert_eq!((v4.address.as_str(), v4.guesses.as_str(), v4.site.as_str()), ("203.0.113.7", "203.0.113.0/24", ""));
        assert_eq!(Network::of("no address"), Network::default());
    }
}
