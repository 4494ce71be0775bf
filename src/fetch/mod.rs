//! The one HTTP client under everything that leaves this machine.
//!
//! Nothing else may open an HTTP connection. Credentials go to the origin they were given for and nowhere else.
