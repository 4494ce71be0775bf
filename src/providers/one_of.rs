//! One fact under several names, as providers rename their fields.
//!
//! This module must never pick between two names that say different things.

/// The value of the names that are there.
///
/// # Errors
/// A sentence when two of them differ.
pub(super) fn one_of<T: PartialEq, const N: usize>(
    names: [&str; N],
    values: [Option<T>; N],
) -> Result<Option<T>, String> {
    let mut found: Option<(T, &str)> = None;
    for (name, value) in names.into_iter().zip(values) {
        match (&found, value) {
            (_, None) => {}
            (None, Some(value)) => found = Some((value, name)),
            (Some((kept, _)), Some(value)) if *kept == value => {}
            (Some((_, kept)), Some(_)) => return Err(format!("{kept} and {name} differ")),
        }
    }
    Ok(found.map(|(value, _)| value))
}

/// As [`one_of`], where one name must be there.
pub(super) fn needed<T: PartialEq, const N: usize>(
    names: [&str; N],
    values: [Option<T>; N],
) -> Result<T, String> {
    one_of(names, values)?.ok_or_else(|| format!("{} is missing", names[0]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_differ_are_refused() {
        assert_eq!(one_of(["a", "b"], [Some(1), Some(1)]), Ok(Some(1)));
        assert_eq!(one_of(["a", "b"], [None, Some(1)]), Ok(Some(1)));
        assert_eq!(one_of(["a", "b"], [Some(1), Some(2)]), Err("a and b differ".to_owned()));
        assert_eq!(one_of::<u8, 2>(["a", "b"], [None, None]), Ok(None));
        assert_eq!(needed::<u8, 2>(["a", "b"], [None, None]), Err("a is missing".to_owned()));
    }
}
