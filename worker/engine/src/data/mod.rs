//! Datasets: text becomes chunks of token ids, and a manifest that names every chunk by its hash.
//!
//! A dataset is a folder:
//!
//! ```text
//! manifest.json     sizes, the BLAKE3 of the tokenizer and of every chunk, and the root that all of them come to
//! tokenizer.json    of the `tokenizers` library
//! chunks/00000.bin  token ids, little-endian
//! ```

mod assembly;
mod build;
mod dataset;
mod manifest;
mod text;

pub use assembly::{Assembly, AssemblyError};
pub use build::{build, BuildError, BuildProgress, BuildSettings, Tokenization};
pub use dataset::{Dataset, DatasetError, Split};
pub use manifest::{Manifest, TokenBytes};
pub use text::{Text, TextError};
