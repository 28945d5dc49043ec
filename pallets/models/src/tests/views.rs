use crate::mock::*;
use cairn_primitives::Hash;

#[test]
fn views_show_models_specs_and_datasets() {
	ExtBuilder::default().build_and_execute(|| {
		let model = training();
		assert_eq!(Registry::model(model), Some(record(model)));
		assert_eq!(Registry::model_spec(model), Some(spec()));
		assert_eq!(Registry::dataset(dataset()).unwrap().owner, DATA_OWNER);
		assert_eq!(Registry::model(model + 1), None);
		assert_eq!(Registry::model_spec(model + 1), None);
		assert_eq!(Registry::dataset(Hash::zero()), None);
	});
}
