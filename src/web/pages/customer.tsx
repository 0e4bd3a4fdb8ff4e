export const Customer = (_: { params: string[] }) => <h1>Customer</h1>
