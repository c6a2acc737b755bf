import Crypto
import Foundation
import NIOSSL
import Shared
import SwiftASN1
import X509

/// The certificate with which a coordinator proves to its callers that it is the one they mean: its
/// owner's, or else one that it signed itself. Clients know that one by the pin of its key, so
/// neither its names nor its dates decide anything.
struct ServerCertificate {
    let tls: TLSConfiguration
    /// Of the public key, as in `Join`.
    let pin: String

    /// - Parameters:
    ///   - certificate: a PEM file, which may hold a chain.
    ///   - key: a PEM file.
    init(certificate: String, key: String) throws {
        for (what, path) in [("certificate", certificate), ("key", key)]
        where access(path, R_OK) != 0 {
            throw CommandFailure(
                "The \(what) '\(path)' cannot be read: \(String(cString: strerror(errno))).")
        }
        let chain: [NIOSSLCertificate]
        do {
            let bytes = try InputFile.read(
                certificate, bytesMax: Limits.certificateFileBytesMax)
            chain = try NIOSSLCertificate.fromPEMBytes(Array(bytes))
        } catch let error as FileError {
            throw error
        } catch {
            throw CommandFailure("The certificate '\(certificate)' cannot be read as PEM.")
        }
        let privateKey: NIOSSLPrivateKey
        do {
            let bytes = try InputFile.read(key, bytesMax: Limits.certificateFileBytesMax)
            privateKey = try NIOSSLPrivateKey(bytes: Array(bytes), format: .pem)
        } catch let error as FileError {
            throw error
        } catch {
            throw CommandFailure("The key '\(key)' cannot be read as PEM.")
        }
        guard let first = chain.first else {
            throw CommandFailure("The file '\(certificate)' holds no certificate.")
        }
        var tls = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        tls.minimumTLSVersion = .tlsv12
        do {
            // Notices a key that belongs to another certificate.
            _ = try NIOSSLContext(configuration: tls)
        } catch {
            throw CommandFailure("The key '\(key)' does not belong to '\(certificate)'.")
        }
        self.tls = tls
        pin = Join.pin(publicKey: Data(try first.extractPublicKey().toSPKIBytes()))
    }

    /// The coordinator's own, made where there is none yet.
    init(in directory: DataDirectory, now: Date, hostName: String) throws {
        let (certificate, key) = (directory.certificatePath, directory.keyPath)
        let files = FileManager.default
        if !files.fileExists(atPath: certificate) || !files.fileExists(atPath: key) {
            try Self.make(certificate: certificate, key: key, now: now, hostName: hostName)
        }
        try self.init(certificate: certificate, key: key)
    }

    private static func make(certificate: String, key: String, now: Date, hostName: String) throws {
        let privateKey = P256.Signing.PrivateKey()
        let signer = Certificate.PrivateKey(privateKey)
        let name = try DistinguishedName { CommonName("gdln-coordinator") }
        let day = 86_400.0
        let made = try Certificate(
            version: .v3, serialNumber: Certificate.SerialNumber(), publicKey: signer.publicKey,
            notValidBefore: now - day, notValidAfter: now + day * 3_650, issuer: name,
            subject: name,
            extensions: try Certificate.Extensions {
                Critical(BasicConstraints.notCertificateAuthority)
                SubjectAlternativeNames([.dnsName("localhost"), .dnsName(hostName)])
            },
            issuerPrivateKey: signer)
        // The key last: a certificate without one is made again.
        try DurableFile.write(Data(made.serializeAsPEM().pemString.utf8), to: certificate)
        try DurableFile.write(Data(privateKey.pemRepresentation.utf8), to: key)
    }
}
