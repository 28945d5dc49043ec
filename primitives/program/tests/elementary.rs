//! The elementary functions against multi-precision arithmetic, over dense sweeps of their domains.

use std::f32;

use astro_float::{BigFloat, Consts, RoundingMode};
use cairn_program::{elementary, Float, SoftFloat};

/// Bits of precision of the reference.
const PRECISION: usize = 128;
const ROUND: RoundingMode = RoundingMode::ToEven;

fn big(value: f64) -> BigFloat {
	BigFloat::from_f64(value, PRECISION)
}

/// `value − exact` in units of the last place of a binary32 near `exact`.
fn error_in_ulps(value: f32, exact: &BigFloat) -> f64 {
	// The exponent of astro-float has its point before the first digit; subnormals share the last place of the smallest normal.
	let exponent = exact.exponent().unwrap_or(-126).max(-125);
	let difference = big(value.into()).sub(exact, PRECISION, ROUND);
	difference.div(&big(2f64.powi(exponent - 24)), PRECISION, ROUND).to_string().parse().unwrap()
}

/// Floats from the bits of `from` to those of `to`, so that every magnitude gets its share.
fn sweep(from: f32, to: f32, points: u32) -> impl Iterator<Item = f32> {
	let (from, to) = (from.to_bits(), to.to_bits());
	(0..=points).map(move |i| {
		f32::from_bits(from + (u64::from(to - from) * u64::from(i) / u64::from(points)) as u32)
	})
}

#[test]
fn exp_is_within_one_unit_of_the_last_place() {
	let mut consts = Consts::new().unwrap();
	let mut worst = (0.0, 0.0);
	let points = sweep(1e-10, 88.72, 20_000).chain(sweep(1e-10, 103.9, 20_000).map(|x| -x));
	for x in points.chain([0.0, -0.0, 1.0, f32::consts::LN_2]) {
		let exact = big(x.into()).exp(PRECISION, ROUND, &mut consts);
		let error = error_in_ulps(elementary::exp(x), &exact).abs();
		worst = if error > worst.0 { (error, x) } else { worst };
	}
	println!("exp: {} units at {}", worst.0, worst.1);
	assert!(worst.0 < 1.0, "{} units at {}", worst.0, worst.1);
}

#[test]
fn exp_reaches_infinity_and_zero() {
	assert_eq!(elementary::exp(88.73f32), f32::INFINITY);
	assert_eq!(elementary::exp(f32::INFINITY), f32::INFINITY);
	assert!(elementary::exp(88.72f32).is_finite());
	assert_eq!(elementary::exp(-103.98f32).to_bits(), 0);
	assert_eq!(elementary::exp(f32::NEG_INFINITY).to_bits(), 0);
	assert_eq!(elementary::exp(-103.9f32).to_bits(), 1);
	assert_eq!(elementary::exp(0f32), 1.0);
	for nan in [f32::NAN, -f32::NAN] {
		assert!(elementary::exp(nan).is_nan());
		assert!(
			f32::from_bits(elementary::exp(SoftFloat::from_bits(nan.to_bits())).to_bits()).is_nan()
		);
	}
}

#[test]
fn ln_is_within_one_unit_of_the_last_place() {
	let mut consts = Consts::new().unwrap();
	let mut worst = (0.0, 0.0);
	let points = sweep(f32::MIN_POSITIVE, f32::MAX, 20_000).chain(sweep(0.5, 2.0, 20_000));
	for x in points.filter(|x| *x != 1.0) {
		let exact = big(x.into()).ln(PRECISION, ROUND, &mut consts);
		let error = error_in_ulps(elementary::ln(x), &exact).abs();
		worst = if error > worst.0 { (error, x) } else { worst };
	}
	println!("ln: {} units at {}", worst.0, worst.1);
	assert!(worst.0 < 1.0, "{} units at {}", worst.0, worst.1);
	assert_eq!(elementary::ln(1f32).to_bits(), 0);
}

#[test]
fn sine_and_cosine_are_within_their_bound() {
	let mut consts = Consts::new().unwrap();
	let turn = consts.pi(PRECISION, ROUND).mul(&big(2f64.powi(-63)), PRECISION, ROUND);
	let mut worst = 0f64;
	let phases = (0..20_000u64).map(|i| i.wrapping_mul(0x0001_2345_6789_abcd));
	let corners = (0..16u64).flat_map(|eighth| {
		[-3i64, -1, 0, 1, 3].map(|off| (eighth << 60).wrapping_add_signed(off << 36))
	});
	for phase in phases.chain(corners).chain([u64::MAX, 1, 1 << 36, (1 << 36) - 1]) {
		let angle = BigFloat::from_u64(phase, PRECISION).mul(&turn, PRECISION, ROUND);
		let (sin, cos) = elementary::sin_cos::<f32>(phase);
		let off = |value: f32, exact: BigFloat| -> f64 {
			big(value.into())
				.sub(&exact, PRECISION, ROUND)
				.to_string()
				.parse::<f64>()
				.unwrap()
				.abs()
		};
		worst = worst
			.max(off(sin, angle.sin(PRECISION, ROUND, &mut consts)))
			.max(off(cos, angle.cos(PRECISION, ROUND, &mut consts)));
	}
	println!("sin, cos: {} · 2⁻²³", worst * 2f64.powi(23));
	assert!(worst < 2f64.powi(-23), "{worst:e}");
	assert_eq!(elementary::sin_cos::<f32>(0), (0.0, 1.0));
	assert_eq!(elementary::sin_cos::<f32>(1 << 62), (1.0, 0.0));
}

#[test]
fn integer_arithmetic_comes_to_the_same_bits() {
	let soft = |x: f32| SoftFloat::from_bits(x.to_bits());
	for x in sweep(1e-12, 110.0, 5_000).flat_map(|x| [x, -x]) {
		assert_eq!(elementary::exp(soft(x)).to_bits(), elementary::exp(x).to_bits(), "exp({x:e})");
	}
	for x in sweep(f32::MIN_POSITIVE, f32::MAX, 10_000) {
		assert_eq!(elementary::ln(soft(x)).to_bits(), elementary::ln(x).to_bits(), "ln({x:e})");
	}
	for phase in (0..10_000u64).map(|i| i.wrapping_mul(0x0009_8765_4321_0fed)) {
		let (sin, cos) = elementary::sin_cos::<SoftFloat>(phase);
		let (p, q) = elementary::sin_cos::<f32>(phase);
		assert_eq!((sin.to_bits(), cos.to_bits()), (p.to_bits(), q.to_bits()), "{phase:x}");
	}
}
