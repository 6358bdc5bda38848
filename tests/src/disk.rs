//! Files of a store, copied and damaged, and a disk so small that a test can fill it.

use std::fs;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Copies a folder with everything in it. What lies at `to` is gone afterwards.
///
/// # Panics
/// When it cannot.
pub fn copy(from: &Path, to: &Path) {
    if to.exists() {
        fs::remove_dir_all(to).expect("a folder to replace");
    }
    copy_into(from, to);
}

fn copy_into(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let rights = fs::metadata(from).expect("a folder").permissions();
    fs::set_permissions(to, rights).expect("a folder of ours");
    for entry in fs::read_dir(from).expect("a folder") {
        let path = entry.expect("an entry").path();
        let place = to.join(path.file_name().expect("an entry has a name"));
        let meta = path.symlink_metadata().expect("an entry");
        if meta.is_dir() {
            copy_into(&path, &place);
        } else if meta.is_file() {
            let _bytes = fs::copy(&path, place).expect("a file");
        }
    }
}

/// One way in which the files of a store are damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// The end of the log is torn off.
    TornTail,
    /// The log ends in its middle.
    CutInHalf,
    /// Bits flipped in the middle of the log.
    FlippedBits,
    /// A page of the log is zero.
    ZeroedPage,
    /// Every snapshot is gone.
    LostSnapshots,
    /// A half-written snapshot is left over.
    HalfSnapshot,
    /// The log is empty, and no snapshot is there.
    Emptied,
    /// A large value is cut off.
    CutValue,
    /// The folder of the engine is gone.
    Lost,
}

impl Damage {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::TornTail,
        Self::CutInHalf,
        Self::FlippedBits,
        Self::ZeroedPage,
        Self::LostSnapshots,
        Self::HalfSnapshot,
        Self::Emptied,
        Self::CutValue,
        Self::Lost,
    ];

    /// Damages the store in `store`, which nobody has open.
    ///
    /// # Panics
    /// When it cannot.
    pub fn on(self, store: &Path) {
        let log = store.join("db/db");
        let length = fs::metadata(&log).expect("a log").len();
        match self {
            Self::TornTail => cut(&log, length - 9_000.min(length / 3)),
            Self::CutInHalf => cut(&log, length / 2),
            Self::FlippedBits => {
                for part in 1..8 {
                    overwrite(&log, length * part / 8 + 77, &[0x5a]);
                }
            }
            Self::ZeroedPage => overwrite(&log, length / 3 / 4096 * 4096, &[0; 4096]),
            Self::LostSnapshots => snapshots(store).iter().for_each(|file| remove(file)),
            Self::HalfSnapshot => {
                let left = store.join("db/snap.00000000FFFFFFFF.generating");
                fs::write(left, b"half of it").expect("a file");
            }
            Self::Emptied => {
                cut(&log, 0);
                snapshots(store).iter().for_each(|file| remove(file));
            }
            Self::CutValue => {
                let bodies = fs::read_dir(store.join("bodies")).expect("a folder");
                let body = bodies.flatten().next().expect("a large value").path();
                let length = fs::metadata(&body).expect("a file").len();
                cut(&body, length / 2);
            }
            Self::Lost => fs::remove_dir_all(store.join("db")).expect("a folder"),
        }
    }
}

fn snapshots(store: &Path) -> Vec<PathBuf> {
    let all = fs::read_dir(store.join("db")).expect("a folder").flatten();
    all.map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains("/snap."))
        .collect()
}

fn remove(path: &Path) {
    fs::remove_file(path).expect("a file of ours");
}

fn cut(path: &Path, length: u64) {
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.set_len(length).expect("a file of ours");
}

fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    let file = fs::File::options().write(true).open(path).expect("a file");
    file.write_all_at(bytes, at).expect("a file of ours");
}

/// A small file system of its own. It goes away when it is dropped.
#[derive(Debug)]
pub struct SmallDisk(PathBuf);

impl SmallDisk {
    /// Puts the folder `at`, with what is in it, on a disk of `mib` MiB of its own. Nothing where
    /// this user may not mount.
    ///
    /// # Panics
    /// When files cannot be copied.
    #[must_use]
    pub fn under(at: &Path, mib: u32) -> Option<Self> {
        let kept = at.with_extension("kept");
        copy(at, &kept);
        let mounted = Command::new("mount")
            .args([
                "-t",
                "tmpfs",
                "-o",
                &format!("size={mib}m,mode=0700"),
                "none",
            ])
            .arg(at)
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !mounted {
            return None;
        }
        let disk = Self(at.to_owned());
        copy_into(&kept, at);
        Some(disk)
    }

    /// Takes up every free byte.
    ///
    /// # Panics
    /// When it stays unfilled.
    pub fn fill(&self) {
        let file = fs::File::create(self.ballast()).expect("a file");
        let block = vec![0x77_u8; 4096];
        let mut at = 0;
        while file.write_all_at(&block, at).is_ok() {
            at += block.len() as u64;
            assert!(at < 1 << 30, "this is no small disk");
        }
    }

    /// Gives back what [`Self::fill`] took.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn clear(&self) {
        remove(&self.ballast());
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("somebody-elses-file")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a process of the test may still have files open there.
        drop(Command::new("umount").arg("-l").arg(&self.0).status());
    }
}

/// What a file takes up on disk, in bytes.
#[must_use]
pub fn taken(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    fs::metadata(path).map_or(0, |meta| meta.blocks() * 512)
}
