# Reports usage to the sidecar: ruby report.rb <dimension> <quantity>. Needs Ruby 2.7 or later and no gem.
require 'json'
require 'net/http'
require 'securerandom'

SIDECAR = URI("#{ENV.fetch('SIDECAR_URL', 'http://localhost:7070')}/v1/usage")
ATTEMPTS = 9

# Returns once the usage is on the sidecar's disk.
def report(dimension, quantity)
  # One key for each report. The sidecar counts it once, however often the request is repeated.
  body = JSON.generate(dimension: dimension, quantity: quantity, idempotencyKey: SecureRandom.uuid)
  (1..ATTEMPTS).each do |attempt|
    status, detail, wait = post(body)
    return if status == 200

    passing = [0, 408, 429].include?(status) || status >= 500
    # 400 is final: the same report would be refused again.
    raise "the usage was not acknowledged: #{detail}" if !passing || attempt == ATTEMPTS

    sleep(wait ? wait.to_f : [10, 0.2 * 2**attempt].min)
  end
end

def post(body)
  # The third argument keeps the request from a proxy that the environment names.
  http = Net::HTTP.new(SIDECAR.host, SIDECAR.port, nil)
  http.open_timeout = http.read_timeout = 10
  http.max_retries = 0
  answer = http.post(SIDECAR.path, body, 'Content-Type' => 'application/json')
  [answer.code.to_i, answer.body, answer['Retry-After']]
rescue StandardError => e
  [0, e.message, nil]
end

begin
  report(ARGV[0], ARGV[1].to_f)
rescue RuntimeError => e
  abort e.message
end
