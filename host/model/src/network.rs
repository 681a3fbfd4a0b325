//! Which addresses count as one.

use std::net::{IpAddr, Ipv6Addr};

/// The network of an IPv6 address with so many leading bits: whoever has one address has its /64, and often its site's /48. An
/// IPv4 address, also one that is written as IPv6, is its own.
pub fn subnet(address: IpAddr, bits: u32) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let host = u128::MAX.checked_shr(bits).unwrap_or_default();
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !host))
        }
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_is_cut_and_an_ipv4_address_is_not() {
        let cut = |address: &str, bits| subnet(address.parse().unwrap(), bits).to_string();
        assert_eq!(cut("2001:db8:1:2:3::4", 64), "2001:db8:1:2::");
        assert_eq!(cut("2001:db8:1:2:3::4", 48), "2001:db8:1::");
        assert_eq!(cut("2001:db8::4", 128), "2001:db8::4");
        assert_eq!(cut("::ffff:192.0.2.1", 64), "192.0.2.1");
    }
}
