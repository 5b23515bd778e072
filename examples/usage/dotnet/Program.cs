// Reports usage to the sidecar: dotnet run -- <dimension> <quantity>. Needs .NET 8 or later.
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

const int Attempts = 9;
var url = (Environment.GetEnvironmentVariable("SIDECAR_URL") ?? "http://localhost:7070") + "/v1/usage";
// The sidecar is on this machine: no proxy.
using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false })
{
    Timeout = TimeSpan.FromSeconds(10),
};

try
{
    await Report(args[0], decimal.Parse(args[1], CultureInfo.InvariantCulture));
    return 0;
}
catch (InvalidOperationException error)
{
    Console.Error.WriteLine(error.Message);
    return 1;
}

// Returns once the usage is on the sidecar's disk.
async Task Report(string dimension, decimal quantity)
{
    // One key for each report. The sidecar counts it once, however often the request is repeated.
    var body = JsonSerializer.Serialize(new { dimension, quantity, idempotencyKey = Guid.NewGuid() });
    for (var attempt = 1; ; attempt++)
    {
        var (status, detail, wait) = await Post(body);
        if (status == HttpStatusCode.OK) return;
        var isPassing = status is 0 or HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests
            || (int)status >= 500;
        // 400 is final: the same report would be refused again.
        if (!isPassing || attempt == Attempts)
            throw new InvalidOperationException($"the usage was not acknowledged: {detail}");
        await Task.Delay(wait ?? TimeSpan.FromSeconds(Math.Min(10, 0.2 * Math.Pow(2, attempt))));
    }
}

async Task<(HttpStatusCode Status, string Detail, TimeSpan? Wait)> Post(string body)
{
    try
    {
        using var content = new StringContent(body, Encoding.UTF8, "application/json");
        using var answer = await client.PostAsync(url, content);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(), answer.Headers.RetryAfter?.Delta);
    }
    catch (Exception error) when (error is HttpRequestException or TaskCanceledException)
    {
        return (0, error.Message, null);
    }
}
