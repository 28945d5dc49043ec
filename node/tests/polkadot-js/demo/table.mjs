// A table for people.

/** Rows are objects with the same keys, which are the head. */
export const table = (rows) => {
	const keys = Object.keys(rows[0] ?? {});
	const cells = [keys, ...rows.map((row) => keys.map((key) => String(row[key])))];
	const width = (column) => Math.max(...cells.map((row) => row[column].length));
	return cells.map((row) => row.map((cell, column) => cell.padEnd(width(column))).join('  ').trimEnd()).join('\n');
};
