//! The examples of the guides.

use cairn_primitives::ModelSpec;

use super::*;

/// The spec of the guides as polkadot.js reads it: names in camel case, and numbers that JavaScript would round as text.
fn for_polkadot_js(json: &str) -> String {
	json.lines().map(|line| line_for_polkadot_js(line) + "\n").collect()
}

fn line_for_polkadot_js(line: &str) -> String {
	let value = line.trim().trim_end_matches(',').rsplit(": ").next().unwrap_or_default();
	let is_exact = value.parse::<u128>().map_or(true, |number| number < 1 << 53);
	let line = if is_exact { line.into() } else { line.replace(value, &format!("{value:?}")) };
	match line.split_once(": ") {
		Some((name, value)) => format!("{}: {value}", camel_case(name)),
		None => line,
	}
}

fn camel_case(name: &str) -> String {
	let mut words = name.split('_');
	let first = words.next().unwrap_or_default().to_string();
	words.fold(first, |name, word| name + &word[..1].to_uppercase() + &word[1..])
}

#[test]
fn the_example_for_polkadot_js_is_that_of_the_guides() {
	let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/examples");
	let example = std::fs::read_to_string(format!("{directory}/spec.json")).unwrap();
	serde_json::from_str::<ModelSpec>(&example).expect("the example is a spec");
	let expected = for_polkadot_js(&example);
	serde_json::from_str::<Value>(&expected).expect("it is JSON still");
	let path = format!("{directory}/spec.polkadot-js.json");
	if std::env::var_os("UPDATE_EXAMPLES").is_some() {
		std::fs::write(&path, &expected).unwrap();
	}
	let found = std::fs::read_to_string(&path).unwrap();
	assert_eq!(found, expected, "run this test with UPDATE_EXAMPLES=1 and commit {path}");
}

#[test]
fn names_and_numbers_change_and_nothing_else() {
	for (line, expected) in [
		("    \"kv_heads\": 2,", "    \"kvHeads\": 2,"),
		("  \"learning_rate\": 9007199254740991,", "  \"learningRate\": 9007199254740991,"),
		("  \"at_end\": 9007199254740992", "  \"atEnd\": \"9007199254740992\""),
		("      2935890503282001226,", "      \"2935890503282001226\","),
		("      1,", "      1,"),
		("  \"seed\": \"0x5e_5e\",", "  \"seed\": \"0x5e_5e\","),
		("  \"stages\": [", "  \"stages\": ["),
		("}", "}"),
	] {
		assert_eq!(line_for_polkadot_js(line), expected);
	}
}

#[test]
fn the_guide_names_the_treasurys_account() {
	use sp_core::crypto::{Ss58AddressFormat, Ss58Codec};
	let prefix = Ss58AddressFormat::custom(currency::SS58_PREFIX);
	let address = TreasuryAccount::get().to_ss58check_with_version(prefix);
	let guide = include_str!("../../../docs/shareholder.md");
	assert!(guide.contains(&format!("`{address}`")), "the treasury is {address}");
}
