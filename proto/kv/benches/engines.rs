//! What the engines cost on the same bytes, in one run.
//!
//! ```text
//! cargo bench -p calluna-kv --bench engines              # 512 MiB, 3 rounds
//! cargo bench -p calluna-kv --bench engines -- 2048 3    # 2 GiB, 3 rounds
//! cargo bench -p calluna-kv --bench engines -- 256 1 /mnt/disk
//! ```
//!
//! The bytes are what a hub writes: batches of about 1.5 MB, each a commit (fsynced), made of chunks
//! with a head of 4 KiB and bodies of 64 KiB. Each engine gets them in a process of its own, in turn
//! (sled, fjall, sled, fjall); the ratio is taken pair by pair, because these machines are noisy.
//!
//! | figure | is |
//! |---|---|
//! | write | all batches, each durable |
//! | change | every tenth chunk is written anew, as a night does, in commits of one chunk each |
//! | open | after `kill -9`: until the store answers |
//! | scan | all keys and values once, with a cold cache of the engine |
//! | disk | after the kill, and after it was opened and closed in order |
//! | memory | the most resident memory of the writing process |

#![expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark reads the clock, speaks with whoever started it, and ends where it fails"
)]

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use calluna_kv::{Batch, Engine, Options, open};

const ENGINES: [&str; 2] = ["sled", "fjall"];
const HEAD: usize = 4 * 1024;
const BODY: usize = 64 * 1024;
/// Chunks of one batch.
const CHUNKS: u64 = 22;

fn main() {
    let args: Vec<String> = std::env::args()
        .skip(1)
        .filter(|arg| arg != "--bench")
        .collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--role", "write", engine, dir, chunks] => write(engine, dir, chunks.parse().unwrap()),
        ["--role", "read", engine, dir] => read(engine, dir),
        words => {
            let number =
                |at: usize, usual: u64| words.get(at).map_or(usual, |n| n.parse().unwrap());
            let place = words.get(2).map_or_else(std::env::temp_dir, PathBuf::from);
            compare(number(0, 512), number(1, 3), &place);
        }
    }
}

fn engine(name: &str, dir: &str) -> std::sync::Arc<dyn Engine> {
    open(name, Path::new(dir), [1; 16], &Options::default())
        .unwrap()
        .engine
}

/// Bytes that no engine could make smaller.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    });
    words.take(length / 8).flatten().collect()
}

fn put(batch: &mut Batch, chunk: u64, version: u64) {
    // 200 providers take turns, as they do at night.
    let provider = (chunk / CHUNKS) % 200;
    let key = |part: u8| {
        [
            &[b'p', part][..],
            &provider.to_be_bytes(),
            &chunk.to_be_bytes(),
        ]
        .concat()
    };
    batch.put(key(b'h'), noise(chunk ^ version << 40, HEAD));
    batch.put(key(b'b'), noise(chunk ^ version << 41, BODY));
}

/// Writes and changes, says how long it took, and waits to be killed.
fn write(name: &str, dir: &str, chunks: u64) {
    let kv = engine(name, dir);
    let batches: Vec<Vec<u64>> = (0..chunks)
        .collect::<Vec<_>>()
        .chunks(usize::try_from(CHUNKS).unwrap())
        .map(<[u64]>::to_vec)
        .collect();
    let began = Instant::now();
    for numbers in batches {
        let mut batch = Batch::default();
        numbers.iter().for_each(|chunk| put(&mut batch, *chunk, 0));
        kv.commit(batch).unwrap();
    }
    let written = began.elapsed();
    let began = Instant::now();
    for chunk in (0..chunks).step_by(10) {
        let mut batch = Batch::default();
        put(&mut batch, chunk, 1);
        kv.commit(batch).unwrap();
    }
    println!("write {}", written.as_secs_f64());
    println!("change {}", began.elapsed().as_secs_f64());
    println!("cpu {}", cpu());
    println!("memory {}", status("VmHWM"));
    println!("done");
    loop {
        std::thread::park();
    }
}

fn read(name: &str, dir: &str) {
    let began = Instant::now();
    let kv = engine(name, dir);
    println!("open {}", began.elapsed().as_secs_f64());
    let began = Instant::now();
    let bytes: usize = kv.scan(b"", None).map(|pair| pair.unwrap().1.len()).sum();
    println!("scan {}", began.elapsed().as_secs_f64());
    println!("bytes {bytes}");
    drop(kv);
}

/// A figure of this process in `/proc/self/status`, in MiB.
fn status(name: &str) -> f64 {
    let text = fs::read_to_string("/proc/self/status").unwrap();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace()
        .nth(1)
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1024.0
}

/// Seconds of CPU that this process has used, of all its threads.
fn cpu() -> f64 {
    let text = fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap().split(' ').collect();
    let ticks = |at: usize| fields.get(at).unwrap().parse::<f64>().unwrap();
    (ticks(11) + ticks(12)) / 100.0
}

/// One engine's figures, in the order of [`NAMES`].
type Figures = [f64; 8];
const NAMES: [&str; 8] = [
    "write s",
    "change s",
    "cpu s",
    "memory MiB",
    "open s",
    "scan s",
    "disk MiB",
    "disk later",
];

fn compare(mebibytes: u64, rounds: u64, place: &Path) {
    let chunks = (mebibytes << 20) / (HEAD + BODY) as u64;
    println!(
        "{mebibytes} MiB in {chunks} chunks, {rounds} rounds, below {}",
        place.display()
    );
    println!(
        "{:6} {}",
        "",
        NAMES.map(|name| format!("{name:>11}")).concat()
    );
    let mut ratios = Vec::new();
    for _ in 0..rounds {
        let [sled, fjall] = ENGINES.map(|engine| {
            let figures = measure(engine, chunks, place);
            println!(
                "{engine:6} {}",
                figures.map(|figure| format!("{figure:>11.2}")).concat()
            );
            figures
        });
        let mut ratio = sled;
        ratio
            .iter_mut()
            .zip(fjall)
            .for_each(|(sled, fjall)| *sled /= fjall);
        ratios.push(ratio);
    }
    println!("\nsled : fjall, median of the pairs (range); above 1 fjall takes less");
    for (at, name) in NAMES.iter().enumerate() {
        let mut all: Vec<f64> = ratios.iter().map(|ratio| ratio[at]).collect();
        all.sort_by(f64::total_cmp);
        let (least, most) = (all[0], all[all.len() - 1]);
        println!(
            "{name:>11} {:6.2} ({least:.2} to {most:.2})",
            all[all.len() / 2]
        );
    }
}

fn measure(engine: &str, chunks: u64, place: &Path) -> Figures {
    let dir = place.join(format!("calluna-engines-{}-{engine}", std::process::id()));
    let path = dir.to_str().unwrap();
    let written = child(&["write", engine, path, &chunks.to_string()]);
    let disk = allocated(&dir);
    let read = child(&["read", engine, path]);
    assert_eq!(
        figure(&read, "bytes"),
        (chunks * (HEAD + BODY) as u64) as f64,
        "all is there"
    );
    let later = allocated(&dir);
    fs::remove_dir_all(&dir).unwrap();
    let of = |name: &str| figure(&written, name);
    [
        of("write"),
        of("change"),
        of("cpu"),
        of("memory"),
        figure(&read, "open"),
        figure(&read, "scan"),
        disk,
        later,
    ]
}

/// Runs a role to its end, or kills it once it is done; what it said.
fn child(role: &[&str]) -> Vec<String> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .arg("--role")
        .args(role)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        if line == "done" {
            child.kill().unwrap();
        }
        said.push(line);
    }
    child.wait().unwrap();
    said
}

fn figure(said: &[String], name: &str) -> f64 {
    let found = said.iter().find_map(|line| line.strip_prefix(name));
    found.unwrap().trim().parse().unwrap()
}

/// MiB that all files below a folder take, without the reserve.
fn allocated(dir: &Path) -> f64 {
    let mut blocks = 0;
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            blocks += (allocated(&path) * 2048.0) as u64;
        } else if !path.ends_with("RESERVE") {
            blocks += path.metadata().unwrap().blocks();
        }
    }
    blocks as f64 / 2048.0
}
