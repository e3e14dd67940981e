// An authority that issues certificates for tests, in memory. One thread.
#ifndef LB_TESTS_AGENT_TEST_AUTHORITY_H_
#define LB_TESTS_AGENT_TEST_AUTHORITY_H_

#include <memory>
#include <string>
#include <vector>

namespace lb::agent {

// Both in PEM.
struct Issued {
  std::string certificate;
  std::string key;
};

class TestAuthority {
 public:
  TestAuthority();
  ~TestAuthority();

  // Its own certificate, in PEM.
  const std::string& certificate() const { return own_.certificate; }

  // With these URI names, from a day ago until in so many days.
  Issued Issue(const std::vector<std::string>& uris, int days = 1) const;

 private:
  struct Signer;
  std::unique_ptr<Signer> signer_;
  Issued own_;
};

}  // namespace lb::agent

#endif  // LB_TESTS_AGENT_TEST_AUTHORITY_H_
