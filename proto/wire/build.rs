//! Turns the contract into Rust with protox: no system `protoc` is needed.

use std::path::PathBuf;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = PathBuf::from("..");
    println!("cargo:rerun-if-changed=../calluna");
    let files = ["offer", "head", "receipt", "node", "membership", "control"]
        .map(|name| root.join(format!("calluna/exchange/v1/{name}.proto")));
    let descriptors = protox::compile(files, [&root])?;
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo gives no OUT_DIR")?);
    std::fs::write(
        out.join("descriptor.bin"),
        prost::Message::encode_to_vec(&descriptors),
    )?;
    tonic_prost_build::configure()
        // Stored bytes travel as they are: one reference to the received buffer, no copy.
        .bytes(".calluna.exchange.v1.Change")
        .bytes(".calluna.exchange.v1.ExportPiece")
        .bytes(".calluna.exchange.v1.EncodedOffers")
        .compile_fds(descriptors)?;
    Ok(())
}
