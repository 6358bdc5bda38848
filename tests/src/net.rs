//! A network that can be cut without a word to either side: a node in a network namespace of its
//! own, behind a switch. Taking the node's port out of the switch drops every packet, while both
//! cables stay plugged in: nobody gets an error, nobody gets a reset.

use std::process::{Command, Stdio};

/// The network; it goes away when it is dropped.
#[derive(Debug)]
pub struct BlackHole {
    tag: u32,
    net: u32,
}

impl BlackHole {
    /// A namespace behind a switch. Nothing where this user may not make one.
    ///
    /// `number` keeps the networks of one test process apart.
    #[must_use]
    pub fn new(number: u32) -> Option<Self> {
        let tag = std::process::id() % 100_000;
        let net = (tag * 4 + number) % 250;
        let hole = Self {
            tag: tag * 10 + number,
            net,
        };
        hole.build().then_some(hole)
    }

    fn build(&self) -> bool {
        let (space, switch) = (self.namespace(), self.switch());
        let (near, port) = (format!("cn{}", self.tag), self.port());
        let inside = |args: &str| ip(&format!("-n {space} {args}"));
        ip(&format!("netns add {space}"))
            && ip(&format!("link add {switch} type bridge"))
            // A switch otherwise takes the address of its port, and then hears it when it is taken out.
            && ip(&format!("link set {switch} address 02:77:00:00:00:{:02x}", self.net))
            && ip(&format!("addr add {}/24 dev {switch}", self.hub()))
            && ip(&format!("link set {switch} up"))
            && ip(&format!("link add {port} type veth peer name {near}"))
            && ip(&format!("link set {port} master {switch} up"))
            && ip(&format!("link set {near} netns {space}"))
            && inside(&format!("addr add 10.77.{}.2/24 dev {near}", self.net))
            && inside(&format!("link set {near} up"))
            && inside("link set lo up")
    }

    /// Name of the namespace.
    #[must_use]
    pub fn namespace(&self) -> String {
        format!("cal{}", self.tag)
    }

    /// The hub's address in this network.
    #[must_use]
    pub fn hub(&self) -> String {
        format!("10.77.{}.1", self.net)
    }

    fn switch(&self) -> String {
        format!("cb{}", self.tag)
    }

    fn port(&self) -> String {
        format!("cp{}", self.tag)
    }

    /// Drops every packet from now on.
    ///
    /// # Panics
    /// When it cannot.
    pub fn cut(&self) {
        assert!(
            ip(&format!("link set {} nomaster", self.port())),
            "the port cannot be taken out"
        );
    }

    /// Lets packets pass again.
    ///
    /// # Panics
    /// When it cannot.
    pub fn mend(&self) {
        let port = format!("link set {} master {}", self.port(), self.switch());
        assert!(ip(&port), "the port cannot be put back");
    }
}

impl Drop for BlackHole {
    fn drop(&mut self) {
        // Whatever of it was made.
        let _gone = ip(&format!("netns del {}", self.namespace()));
        let _gone = ip(&format!("link del {}", self.port()));
        let _gone = ip(&format!("link del {}", self.switch()));
    }
}

fn ip(args: &str) -> bool {
    Command::new("ip")
        .args(args.split(' '))
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
