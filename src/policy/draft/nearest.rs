//! What was probably meant by a misspelt word. It must never correct anything by itself.

/// The one of `known` that differs least from `word`, if it is close.
pub(super) fn nearest(word: &str, known: &[&str]) -> Option<String> {
    let word: Vec<char> = plain(word).take(LONGEST).collect();
    let near = known.iter().map(|name| {
        let name_chars: Vec<char> = plain(name).collect();
        (distance(&word, &name_chars), name_chars.len(), *name)
    });
    let (least, length, name) = near.min_by_key(|(distance, ..)| *distance)?;
    (least <= 2.max(length / 3)).then(|| name.to_owned())
}

/// Case and separators are what people get wrong without meaning anything else.
fn plain(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars().filter(|c| !['_', '-', ' '].contains(c)).flat_map(char::to_lowercase)
}

/// Levenshtein's: insertions, removals and changes of one character.
fn distance(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, to) in b.iter().enumerate() {
            let changed = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

const LONGEST: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let known = ["hard_limit", "auto_approve"];
        for slip in ["hardLimit", "hard-limit", "hard_limt", "HARD_LIMIT", "hard_limits"] {
            assert_eq!(nearest(slip, &known).as_deref(), Some("hard_limit"), "{slip}");
        }
        assert_eq!(nearest("auto_aprove", &known).as_deref(), Some("auto_approve"));
        for other in ["", "x", "colour", &"y".repeat(100_000)] {
            assert_eq!(nearest(other, &known), None);
        }
    }

    #[test]
    fn a_distance_is_the_least_number_of_changes() {
        for (a, b, least) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("abc", "abc", 0),
            ("ab", "ba", 2),
            ("flaw", "lawn", 2),
            ("kitten", "sitting", 3),
            ("saturday", "sunday", 3),
            ("intention", "execution", 5),
        ] {
            let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
            assert_eq!((distance(&a, &b), distance(&b, &a)), (least, least), "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_third_of_a_long_word_may_be_wrong_and_two_letters_of_any() {
        let known = ["auto_approve", "mode"];
        assert_eq!(nearest("auto_approXYZ", &known).as_deref(), Some("auto_approve"));
        assert_eq!(nearest("autoapprWXYZ", &known), None);
        assert_eq!(nearest("moXY", &known).as_deref(), Some("mode"));
        assert_eq!(nearest("mXYZ", &known), None);
    }
}
