/** The problems of the customers of a SaaS product, by status; rows of the problem table. */
export const customerProblems = {
  InvalidCustomer: {
    status: 400,
    title: 'The customer is not acceptable',
    awsName: 'ValidationException',
    happened:
      'A report has no `customer` although the product has customers, or has one although the product has none, or the key is not 1 to 255 visible ASCII characters',
    todo: "Send the application's own key for the customer, and only on the route `saas`",
  },
  CustomerNamesIncomplete: {
    status: 400,
    title: 'What AWS calls the customer is incomplete',
    awsName: 'ValidationException',
    happened:
      'The registration lacks the name by which the product file bills customers (`customerIds`)',
    todo: 'Send what `ResolveCustomer` returned, or correct `customerIds`',
  },
  CustomerNamesUnclear: {
    status: 400,
    title: 'The names do not say which customer it is',
    awsName: 'InvalidLicenseException',
    happened:
      'A record that an AWS SDK sent names several registered customers, or an account without the licence that customers are billed by',
    todo: 'Send `CustomerAWSAccountId` and `LicenseArn` as `ResolveCustomer` returned them',
  },
  RegistrationTokenInvalid: {
    status: 400,
    title: 'AWS does not know the registration token',
    happened: 'AWS rejected the registration token',
    todo: 'Send the token exactly as the browser delivered it, URL-decoded once',
  },
  InvalidEvent: {
    status: 400,
    title: 'The event is not one of AWS Marketplace',
    happened: 'The body is neither an EventBridge event nor an SNS notification',
    todo: 'Forward the message unchanged, after you have verified where it came from',
  },
  CustomerNotFound: {
    status: 404,
    title: 'No customer is registered under this key',
    happened: 'No customer is registered under this key',
    todo: 'Register it with `POST /v1/customers`',
  },
  CustomerIdentityTaken: {
    status: 409,
    title: 'The AWS customer is registered under another key',
    awsName: 'InvalidCustomerIdentifierException',
    happened: 'Another key is registered for the same AWS customer, who would be billed twice',
    todo: 'Use that key, or delete it once it is settled',
  },
  CustomerNotSettled: {
    status: 409,
    title: 'The customer has usage that is not settled',
    happened: 'Usage of the customer is open, held, unsent or unresolved',
    todo: 'Wait until everything is settled',
  },
  CustomerOfAnotherProduct: {
    status: 409,
    title: 'The customer has bought another product',
    happened: 'AWS names another product for the registration token',
    todo: 'Compare `productCode` of the product file with the listing that the customer came from',
  },
  NoCustomers: {
    status: 409,
    title: 'The product has no customers',
    happened: 'The route of the product is not `saas`',
    todo: 'Leave the customer out; the buyer is the one who runs the task or pod',
  },
  RegistrationTokenExpired: {
    status: 410,
    title: 'The registration token has expired',
    happened: 'A registration token is valid for four hours',
    todo: 'Ask the customer to choose "Set up your account" in AWS Marketplace again',
  },
  TooManyUnknownCustomers: {
    status: 429,
    title: 'Too many customers are not registered',
    awsName: 'ThrottlingException',
    happened: 'Usage of 1000 customers waits for their registration',
    todo: 'Register them, then repeat the request',
  },
  TooManyRegistrations: {
    status: 429,
    title: 'Too many registrations at once',
    awsName: 'ThrottlingException',
    happened:
      'More than ten registration tokens were sent at once, or more than one a second after that',
    todo: 'Wait as long as `Retry-After` says',
  },
  RegistrationUnavailable: {
    status: 503,
    title: 'AWS could not resolve the customer at the moment',
    happened: 'AWS did not answer, or the sidecar may not call `ResolveCustomer`',
    todo: 'Repeat the request after `Retry-After`; the `detail` says what is missing',
  },
} as const
