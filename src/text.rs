//! Values that are text in JSON, exactly as `Display` writes and `FromStr` reads them.
//!
//! Nothing here may accept a second spelling: what a type parses is the type's own business.

/// Gives a type its JSON as the string of `Display` and `FromStr`.
macro_rules! serde_text {
    ($type:ident) => {
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use serde_text;
