//! Which addresses lie in the public internet, and what is a host name.

use std::net::IpAddr;

use url::Host;

/// A host name in its ASCII form (RFC 5891), in lower case; none when it is no name, or is an address.
pub fn host_name(text: &str) -> Option<String> {
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return None;
    }
    let Ok(Host::Domain(name)) = Host::parse(text) else { return None };
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    (name.len() <= 253 && name.split('.').all(label)).then_some(name)
}

/// True for addresses of the public internet. IPv4 inside IPv6 (mapped, compatible, NAT64, 6to4) is unwrapped first.
pub fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_multicast()
                || address.is_documentation()
                || a == 0
                || a >= 240
                || (a == 100 && (64..128).contains(&b))
                || (a == 192 && b == 0 && c == 0)
                || (a == 192 && b == 88 && c == 99)
                || (a == 198 && (18..20).contains(&b)))
        }
        IpAddr::V6(address) => {
            let [s0, s1, s2, s3, s4, s5, s6, s7] = address.segments();
            let embedded = |high: u16, low: u16| {
                let [a, b] = high.to_be_bytes();
                let [c, d] = low.to_be_bytes();
                is_public(IpAddr::V4([a, b, c, d].into()))
            };
            match (s0, s1, s2, s3, s4, s5) {
                (0, 0, 0, 0, 0, 0) => false,
                (0, 0, 0, 0, 0, 0xffff) => embedded(s6, s7),
                (0x64, 0xff9b, 0, 0, 0, 0) => embedded(s6, s7),
                (0x2002, ..) => embedded(s1, s2),
                (0x2001, 0xdb8 | 0, ..) | (0x64, 0xff9b, ..) | (0x100 | 0x3fff, ..) => false,
                // Global unicast is 2000::/3; unique local, link-local and multicast lie outside.
                _ => (0x2000..0x4000).contains(&s0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_addresses_in_every_wrapping() {
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "fc00::1",
            "fe80::1",
            "ff02::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(address.parse().unwrap()), "{address}");
        }
        for address in ["1.1.1.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"] {
            assert!(is_public(address.parse().unwrap()), "{address}");
        }
    }
}
