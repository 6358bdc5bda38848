//! Whose request it is. The address of the connection counts; only a proxy that the operator has named is believed
//! when it says for whom it asks.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName};

/// Where proxies write for whom they ask.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// Address of the other end of the connection. Whoever accepts connections puts it into every request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub IpAddr);

/// Addresses that begin with the same bits, such as `10.0.0.0/8` or a single one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    first: IpAddr,
    bits: u8,
}

/// The text is no network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no address and no network such as 10.0.0.0/8 or fd00::/8")]
pub struct NoNetwork(String);

impl FromStr for Network {
    type Err = NoNetwork;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NoNetwork(text.chars().take(60).collect());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let first = plain(address.parse().map_err(|_| wrong())?);
        let most = if first.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most {
            return Err(wrong());
        }
        Ok(Self { first, bits })
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.bits)
    }
}

impl Network {
    /// Whether an address lies in it.
    #[must_use]
    pub fn has(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
            IpAddr::V6(v6) => v6.to_bits(),
        };
        let address = plain(address);
        let shift = 128 - u32::from(self.bits);
        let same = |bits: u128| bits.checked_shr(shift).unwrap_or(0);
        address.is_ipv4() == self.first.is_ipv4() && same(bits(address)) == same(bits(self.first))
    }
}

/// An IPv4 address that travels as IPv6 is the IPv4 address.
fn plain(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whose request it is: the last address before the proxies that are trusted.
#[must_use]
pub fn of(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address| trusted.iter().any(|network| network.has(address));
    let mut source = plain(peer);
    let lines: Vec<&str> = headers
        .get_all(FORWARDED_FOR)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .collect();
    let mut said = lines.iter().rev().flat_map(|line| line.rsplit(','));
    while is_trusted(source) {
        // A proxy that says nothing, or nonsense, asks for itself.
        let Some(next) = said.next().and_then(|text| text.trim().parse().ok()) else {
            break;
        };
        source = plain(next);
    }
    source
}

/// Who counts as one: an IPv4 address, or the /64 that a household or a machine of IPv6 has to itself.
#[must_use]
pub fn one_source(address: IpAddr) -> IpAddr {
    match plain(address) {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn said(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_stranger_cannot_speak_for_somebody_else() {
        let headers = said(&["198.51.100.9"]);
        assert_eq!(of(ip("203.0.113.5"), &headers, &[]), ip("203.0.113.5"));
        let trusted = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(of(ip("203.0.113.5"), &headers, &trusted), ip("203.0.113.5"));
    }

    #[test]
    fn a_trusted_proxy_is_believed_and_what_came_before_it_is_not() {
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1".parse().unwrap()];
        let proxy = ip("::ffff:10.1.2.3");
        let forged = said(&["1.1.1.1, 203.0.113.5", "10.9.9.9"]);
        assert_eq!(of(proxy, &forged, &trusted), ip("203.0.113.5"));
        assert_eq!(of(proxy, &said(&["nonsense"]), &trusted), ip("10.1.2.3"));
        assert_eq!(of(proxy, &said(&[]), &trusted), ip("10.1.2.3"));
        assert_eq!(
            of(ip("::1"), &said(&["2001:db8::7"]), &trusted),
            ip("2001:db8::7")
        );
    }

    #[test]
    fn networks_are_read_and_have_edges() {
        let network: Network = "192.168.4.0/22".parse().unwrap();
        assert!(network.has(ip("192.168.7.255")) && !network.has(ip("192.168.8.0")));
        assert!("0.0.0.0/0".parse::<Network>().unwrap().has(ip("9.9.9.9")));
        assert!(!"::/0".parse::<Network>().unwrap().has(ip("9.9.9.9")));
        for wrong in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "x", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_household_is_one_source() {
        assert_eq!(one_source(ip("2001:db8:1:2:3::9")), ip("2001:db8:1:2::"));
        assert_eq!(one_source(ip("::ffff:10.0.0.1")), ip("10.0.0.1"));
    }
}
