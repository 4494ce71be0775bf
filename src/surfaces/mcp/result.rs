//! Answers and failures as hosts show them.
//!
//! Hosts show a model only `structuredContent` of a success and only the text of an error, so each holds every fact.
//! This module must never turn a decision of the wallet into an error: a denied payment is a result.

use rmcp::model::{CallToolResult, ContentBlock};
use serde_json::Value;

use crate::failure::Failure;
use crate::operations::Answer;

/// The result of a call that was answered, whatever the verdict.
pub fn success(answer: Answer) -> CallToolResult {
    let mut result = CallToolResult::structured(Value::Object(answer.output));
    if let Some(image) = answer.image {
        result.content.push(ContentBlock::image(image.data, image.mime_type));
    }
    result
}

/// The result of a call that failed before there was a payment.
pub fn failure(failure: &Failure) -> CallToolResult {
    CallToolResult::error(vec![ContentBlock::text(failure.to_string())])
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::*;
    use crate::operations::{Image, Verdict};

    #[test]
    fn text_mirrors_the_structured_content_for_every_verdict() {
        for verdict in [Verdict::Done, Verdict::Refused, Verdict::Ask, Verdict::Unknown] {
            let output = json!({"status": "denied", "network": "sandbox"});
            let output_map = output.as_object().unwrap().clone();
            let answer = Answer { verdict, output: output_map, image: None };
            let result = serde_json::to_value(success(answer)).unwrap();
            assert_eq!(result["structuredContent"], output);
            assert_eq!(result["isError"], false);
            let text = result["content"][0]["text"].as_str().unwrap();
            assert_eq!(serde_json::from_str::<Value>(text).unwrap(), output);
        }
    }

    #[test]
    fn a_picture_stands_beside_the_text() {
        let image = Image { mime_type: "image/png".to_owned(), data: "iVBORw==".to_owned() };
        let answer = Answer { verdict: Verdict::Done, output: Map::new(), image: Some(image) };
        let result = serde_json::to_value(success(answer)).unwrap();
        let expected = json!({"type": "image", "mimeType": "image/png", "data": "iVBORw=="});
        assert_eq!(result["content"][1], expected);
    }

    #[test]
    fn an_error_says_everything_in_its_text() {
        let denied = Failure::refused("WALLET_FROZEN", "the wallet is frozen");
        let result = serde_json::to_value(failure(&denied)).unwrap();
        assert_eq!(result["isError"], true);
        assert_eq!(result["content"][0]["text"], denied.to_string());
        assert_eq!(result.get("structuredContent"), None);
    }
}
