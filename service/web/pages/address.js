// The part of the address after #: the refinements that are shown, so that a link shows them again.

const ID = /^rf_[0-9a-f]{32}$/;

export function idsInAddress() {
  const ids = location.hash.slice(1).split(/,|%2c/i); // programs that pass links on may write the comma so
  return ids.every((id) => ID.test(id)) ? ids.slice(0, 2) : [];
}

export function putInAddress(ids) {
  history.pushState(null, "", `/#${ids.join(",")}`);
}
