//! Services of third parties, each behind a client of its own.
//!
//! What they answer is untrusted: parsed into types here, decided upon elsewhere. Nothing here may know of the engine,
//! the store or a key that signs.

pub mod ifenpay;
