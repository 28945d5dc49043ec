//! Who is let in, and who is shown out.

mod common;

use cairn_transport::{CloseCode, Failure, OpenError, Side};
use common::{admit, config, edge, endpoint, terms, Liar, LONG};
use tokio::time::timeout;

#[tokio::test]
async fn a_stranger_is_refused() {
	let (above, below) = (endpoint(1).await, endpoint(2).await);
	admit(&above, &below);
	let upper = config(Side::Upper, terms(1, 10));
	let opened = timeout(LONG, above.open_edge(&below.as_peer(), &upper)).await.unwrap();
	assert!(matches!(opened, Err(OpenError::Failed(Failure::NotAdmitted))), "{opened:?}");
}

#[tokio::test]
async fn a_neighbour_at_another_edge_is_refused() {
	let below = endpoint(2).await;
	let mut admitted = terms(1, 10).edge;
	admitted.lane += 1;
	below.admissions().admit_to_edge(Liar::peer().id, admitted);
	let liar = Liar::dial(&below, terms(1, 10)).await;
	let (code, words) = timeout(LONG, liar.closed()).await.unwrap();
	assert_eq!((code, words.as_str()), (CloseCode::NotAdmitted as u64, "not admitted"));
}

#[tokio::test]
async fn nobody_is_dialled_who_is_not_admitted_here() {
	let (above, below) = (endpoint(1).await, endpoint(2).await);
	let upper = config(Side::Upper, terms(1, 10));
	let opened = above.open_edge(&below.as_peer(), &upper).await;
	assert!(matches!(opened, Err(OpenError::NotAdmitted)), "{opened:?}");
}

#[tokio::test]
async fn an_edge_ends_for_both_when_an_admission_is_withdrawn() {
	let (above, below, mut upper, mut lower) = edge(terms(1, 10)).await;
	below.admissions().change(above.id(), |admission| admission.edges.clear());
	let here = timeout(LONG, lower.receiver.receive()).await.unwrap();
	assert!(matches!(here, Err(Failure::Withdrawn)), "{here:?}");
	let there = timeout(LONG, upper.receiver.receive()).await.unwrap();
	assert!(matches!(there, Err(Failure::AdmissionEnded)), "{there:?}");
}

#[tokio::test]
async fn an_edge_lives_on_when_other_admissions_change() {
	let (above, below, mut upper, mut lower) = edge(terms(1, 10)).await;
	let stranger = Liar::peer().id;
	for here in [&above, &below] {
		here.admissions().admit_to_edge(stranger, common::EDGE);
		here.admissions().change(stranger, |admission| admission.edges.clear());
	}
	let body = vec![7; terms(1, 10).form.bytes() as usize];
	upper.sender.send(common::at(0, 0), body.clone().into()).await.unwrap();
	let received = timeout(LONG, lower.receiver.receive()).await.unwrap().unwrap();
	assert_eq!(received.bytes, body);
}
