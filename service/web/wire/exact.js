// JSON whose numbers go on as they were written: for a judge 4.0 is not 4, and no number of 17 digits another.
// Browsers from before 2025 cannot, and round them as ever.

export const exactly = (text) => JSON.parse(text, asWritten);

const asWritten = (_, value, { source } = {}) => (typeof value === "number" && JSON.rawJSON ? JSON.rawJSON(source) : value);
