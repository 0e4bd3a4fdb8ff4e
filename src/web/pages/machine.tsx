export const Machine = (_: { params: string[] }) => <h1>Machine</h1>
