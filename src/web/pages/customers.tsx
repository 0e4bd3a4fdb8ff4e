export const Customers = (_: { params: string[] }) => <h1>Customers</h1>
